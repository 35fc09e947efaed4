import { CloseButton, Popover, UnstyledButton } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";

import classes from "./filter.module.css";

interface FilterChipProps {
  /** What it narrows, such as "Client". */
  label: string;
  /** To what, in words; null when it narrows nothing. */
  value: string | null;
  onClear: () => void;
  /** The choice; `close` puts it away. */
  children: (close: () => void) => ReactNode;
}

/** One filter: what it is set to, the choice behind it, and a way out of it. */
export function FilterChip({ label, value, onClear, children }: FilterChipProps) {
  const { t } = useTranslation();
  const [opened, setOpened] = useState(false);
  return (
    <span className={classes.chip} data-on={value !== null || undefined}>
      <Popover opened={opened} onChange={setOpened} width={280} position="bottom-start" trapFocus returnFocus withRoles hideDetached={false}>
        <Popover.Target>
          <UnstyledButton className={classes.main} onClick={() => setOpened(!opened)}>
            {value === null ? label : `${label}: `}
            {value !== null && <bdi className={classes.value}>{value}</bdi>}
            {value === null && <IconChevronDown size={12} aria-hidden />}
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown aria-label={label} p="sm">
          {children(() => setOpened(false))}
        </Popover.Dropdown>
      </Popover>
      {value !== null && (
        <CloseButton size="xs" aria-label={t("filter.drop", { name: label })} onClick={onClear} />
      )}
    </span>
  );
}
