import { AppShell, CloseButton, Drawer, UnstyledButton } from "@mantine/core";
import { IconDatabase, IconHistory, IconMessageQuestion, IconPlugConnected, IconSitemap } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { CasesLink, DataPanel, History } from "../features/lightrag";
import classes from "./shell.module.css";

/** The phone's rail: the pages, and what stands beside Ask on a wide screen. */
export function BottomBar() {
  const { t } = useTranslation();
  const [sheet, setSheet] = useState<"history" | "data" | null>(null);
  return (
    <AppShell.Footer component="nav" className={classes.bottom ?? ""} aria-label={t("nav.main")}>
      <Link
        to="/ask/{-$id}"
        params={{}}
        className={classes.tab}
        activeProps={{ "aria-current": "page" }}
      >
        <IconMessageQuestion size={22} stroke={1.75} aria-hidden />
        {t("nav.ask")}
      </Link>
      <Link
        to="/automation"
        className={classes.tab}
        activeProps={{ "aria-current": "page" }}
      >
        <IconSitemap size={22} stroke={1.75} aria-hidden />
        {t("nav.automationShort")}
      </Link>
      <Link
        to="/connectors"
        className={classes.tab}
        activeProps={{ "aria-current": "page" }}
      >
        <IconPlugConnected size={22} stroke={1.75} aria-hidden />
        {t("nav.connectorsShort")}
      </Link>
      <UnstyledButton className={classes.tab} onClick={() => setSheet("history")}>
        <IconHistory size={22} stroke={1.75} aria-hidden />
        {t("nav.history")}
      </UnstyledButton>
      <UnstyledButton className={classes.tab} onClick={() => setSheet("data")}>
        <IconDatabase size={22} stroke={1.75} aria-hidden />
        {t("nav.data")}
      </UnstyledButton>
      <Sheet sheet={sheet} onClose={() => setSheet(null)} />
    </AppShell.Footer>
  );
}

function Sheet({ sheet, onClose }: { sheet: "history" | "data" | null; onClose: () => void }) {
  const { t } = useTranslation();
  const { id } = useParams({ strict: false });
  const title = sheet === "data" ? t("data.title") : t("history.title");
  return (
    <Drawer
      opened={sheet !== null}
      onClose={onClose}
      position="bottom"
      size="85%"
      withCloseButton={false}
      attributes={{ content: { "aria-label": title } }}
    >
      <div className={classes.sheetHead}>
        <h2>{title}</h2>
        <CloseButton onClick={onClose} aria-label={t("common.close")} />
      </div>
      {sheet === "history" && (
        <>
          <History currentId={id ?? null} onChoose={onClose} />
          <CasesLink onChoose={onClose} />
        </>
      )}
      {sheet === "data" && <DataPanel />}
    </Drawer>
  );
}
