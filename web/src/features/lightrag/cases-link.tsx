import { IconListCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useRefusal } from "../projects";
import classes from "./history.module.css";

/** The way to the answers that somebody found wrong; for those who decide about them. */
export function CasesLink({ onChoose }: { onChoose?: () => void }) {
  const { t } = useTranslation();
  if (useRefusal("run") !== null) return null;
  return (
    <Link to="/ask/cases" className={classes.cases} onClick={onChoose}>
      <IconListCheck size={16} aria-hidden />
      {t("cases.title")}
    </Link>
  );
}
