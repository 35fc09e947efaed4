import { Skeleton, Stack, VisuallyHidden } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** Grey lines where text will stand; `widths` in per cent, one a line. */
export function Lines({ widths, height = 14 }: { widths: readonly number[]; height?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap={10} aria-busy>
      <VisuallyHidden>{t("common.loading")}</VisuallyHidden>
      {widths.map((width, line) => (
        <Skeleton key={line} h={height} w={`${width}%`} radius="sm" />
      ))}
    </Stack>
  );
}
