import { Avatar, Divider, Popover, Text, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { IconLogout } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { LanguageSwitch, type Session, ThemeSwitch, useSaveLocale } from "../features/access";
import classes from "./shell.module.css";
import { useLeave } from "./use-leave";

/** Who I am, how the page looks and speaks, and the way out. */
export function UserMenu({ user }: { user: Session["user"] }) {
  const { t } = useTranslation();
  const leave = useLeave();
  const save = useSaveLocale();
  return (
    <Popover width={288} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <UnstyledButton className={classes.me}>
          <Avatar aria-hidden size={28} radius="xl" name={user.name} color="beacon" variant="light" />
          <VisuallyHidden>
            {t("nav.you")}: {user.name}
          </VisuallyHidden>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p={4} aria-label={t("nav.you")}>
        <div className={classes.meCard}>
          <Text fw={600} truncate dir="auto">
            {user.name}
          </Text>
          <Text fz="xs" c="dimmed" truncate>
            {user.email} · {t(`role.${user.role}`)}
          </Text>
        </div>
        <Divider my={4} color="var(--mayak-line)" />
        <div className={classes.preference}>
          <Text component="span">{t("theme.label")}</Text>
          <ThemeSwitch />
        </div>
        <div className={classes.preference}>
          <Text component="span">{t("language.label")}</Text>
          <LanguageSwitch onSpeak={(language) => save.mutate(language)} />
        </div>
        <Divider my={4} color="var(--mayak-line)" />
        <UnstyledButton className={classes.leave} onClick={leave}>
          <IconLogout size={16} aria-hidden />
          {t("logout.action")}
        </UnstyledButton>
      </Popover.Dropdown>
    </Popover>
  );
}
