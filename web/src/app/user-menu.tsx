import { Avatar, Menu, Text, UnstyledButton } from "@mantine/core";
import { IconLogout } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

import { LanguageSwitch, type Session, ThemeSwitch, useSaveLocale } from "../features/access";
import classes from "./shell.module.css";
import { useLeave } from "./use-leave";

export function UserMenu({ user }: { user: Session["user"] }) {
  const { t } = useTranslation();
  const leave = useLeave();
  const save = useSaveLocale();
  return (
    <Menu width={280} position="bottom-end" closeOnItemClick>
      <Menu.Target>
        <UnstyledButton className={classes.me} aria-label={`${t("nav.you")}: ${user.name}`}>
          <Avatar size={28} radius="xl" name={user.name} color="beacon" variant="light" />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={classes.meCard}>
          <Text fw={600} truncate dir="auto">
            {user.name}
          </Text>
          <Text fz="xs" c="dimmed" truncate>
            {user.email} · {t(`role.${user.role}`)}
          </Text>
        </div>
        <Menu.Divider />
        <div className={classes.preference}>
          <Text component="span">{t("theme.label")}</Text>
          <ThemeSwitch />
        </div>
        <div className={classes.preference}>
          <Text component="span">{t("language.label")}</Text>
          <LanguageSwitch onSpeak={(language) => save.mutate(language)} />
        </div>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={leave}>
          {t("logout.action")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
