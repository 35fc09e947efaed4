import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { firstClick } from "../../lib/first-click";
import { ProblemNote } from "./problem";

interface ConfirmProps {
  title: string;
  children: ReactNode;
  submit: string;
  /** It deletes something. */
  grave?: boolean;
  /** Something has to be done in the dialog first. */
  locked?: boolean;
  busy?: boolean;
  error?: unknown;
  onSubmit: () => void;
  onClose: () => void;
}

/** A question before something that cannot simply be taken back. */
export function Confirm({
  title,
  children,
  submit,
  grave = false,
  locked = false,
  busy = false,
  error,
  onSubmit,
  onClose,
}: ConfirmProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onClose}
      title={<Text fw={600}>{title}</Text>}
      closeButtonProps={{ "aria-label": t("common.close") }}
      transitionProps={{ duration: 120 }}
    >
      <Stack gap="md">
        {children}
        {error !== undefined && error !== null && <ProblemNote error={error} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" data-autofocus onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button
            color={grave ? "critical" : "beacon"}
            disabled={locked}
            loading={busy}
            onClick={firstClick(onSubmit)}
          >
            {submit}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
