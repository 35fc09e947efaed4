import { AppShell, Tooltip, UnstyledButton } from "@mantine/core";
import {
  IconLayoutSidebarLeftCollapse,
  IconLayoutSidebarLeftExpand,
  IconMessageQuestion,
  IconPlugConnected,
  IconSitemap,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import classes from "./shell.module.css";

interface RailProps {
  wide: boolean;
  /** True when a project is open: without one there is no page to go to. */
  open: boolean;
  onToggle: () => void;
}

/** The pages that exist, and nothing else. */
export function Rail({ wide, open, onToggle }: RailProps) {
  const { t } = useTranslation();
  const toggle = wide ? t("nav.collapse") : t("nav.expand");
  const ToggleIcon = wide ? IconLayoutSidebarLeftCollapse : IconLayoutSidebarLeftExpand;
  return (
    <AppShell.Navbar className={classes.rail ?? ""} aria-label={t("nav.main")}>
      <Link to="/" className={classes.brand} aria-label={t("app.name")}>
        <img src={`${import.meta.env.BASE_URL}mark.svg`} alt="" width={24} height={24} />
        {wide && <span>{t("app.name")}</span>}
      </Link>
      {open && <Places wide={wide} />}
      <Tooltip label={toggle} position="right" disabled={wide}>
        <UnstyledButton className={classes.toggle} onClick={onToggle} aria-expanded={wide} aria-label={toggle}>
          <ToggleIcon size={20} stroke={1.75} aria-hidden />
          {wide && <span>{toggle}</span>}
        </UnstyledButton>
      </Tooltip>
    </AppShell.Navbar>
  );
}

const PLACES = [
  { to: "/ask/{-$id}", name: "nav.ask", Icon: IconMessageQuestion },
  { to: "/automation", name: "nav.automation", Icon: IconSitemap },
  { to: "/connectors", name: "nav.connectors", Icon: IconPlugConnected },
] as const;

function Places({ wide }: { wide: boolean }) {
  const { t } = useTranslation();
  return PLACES.map(({ to, name, Icon }) => (
    <Tooltip key={to} label={t(name)} position="right" disabled={wide}>
      <Link
        to={to}
        params={{}}
        className={classes.place}
        activeProps={{ "aria-current": "page" }}
        aria-label={t(name)}
      >
        <Icon size={20} stroke={1.75} aria-hidden />
        {wide && <span>{t(name)}</span>}
      </Link>
    </Tooltip>
  ));
}
