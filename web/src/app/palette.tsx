import { useMantineColorScheme } from "@mantine/core";
import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from "@mantine/spotlight";
import {
  IconLanguage,
  IconLayoutGrid,
  IconList,
  IconLogout,
  IconMailX,
  IconMessageQuestion,
  IconMoon,
  IconPlugConnected,
  IconRefresh,
  IconSearch,
  IconSitemap,
} from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { use } from "react";
import { useTranslation } from "react-i18next";

import { useSaveLocale } from "../features/access";
import { CONNECTORS, TITLES } from "../features/connectors";
import { historyQuery, useRefreshWithWord } from "../features/lightrag";
import { ProjectContext } from "../features/projects";
import { locale, speak } from "../lib/i18n";
import { useLeave } from "./use-leave";

/** Cmd/Ctrl-K: what can be done from anywhere, and the questions asked before. */
export function Palette() {
  return use(ProjectContext) === null ? null : <OpenPalette />;
}

function OpenPalette() {
  const { t } = useTranslation();
  const commands = useCommands();
  const questions = useQuestions();
  const groups: SpotlightActionGroupData[] = [
    { group: t("palette.actions"), actions: commands },
    { group: t("palette.questions"), actions: questions },
  ];
  return (
    <Spotlight
      actions={groups.filter(({ actions }) => actions.length > 0)}
      shortcut="mod + K"
      tagsToIgnore={[]}
      triggerOnContentEditable
      nothingFound={t("palette.nothing")}
      highlightQuery
      limit={12}
      scrollable
      maxHeight={420}
      transitionProps={{ duration: 120 }}
      overlayProps={{ blur: 0, backgroundOpacity: 0.4 }}
      attributes={{ content: { "aria-label": t("nav.search") } }}
      searchProps={{
        leftSection: <IconSearch size={18} aria-hidden />,
        placeholder: t("palette.placeholder"),
        "aria-label": t("palette.placeholder"),
      }}
    />
  );
}

const command = (
  id: string,
  label: string,
  Icon: typeof IconMoon,
  onClick: () => void,
): SpotlightActionData => ({ id, label, onClick, leftSection: <Icon size={18} aria-hidden /> });

/** The connectors, all and each. */
function useSources(): SpotlightActionData[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const title = t("connectors.title");
  return [
    command("connectors", title, IconPlugConnected, () => void navigate({ to: "/connectors" })),
    ...CONNECTORS.map((connector) =>
      command(`connector-${connector}`, `${title}: ${TITLES[connector]}`, IconPlugConnected, () =>
        void navigate({ to: "/connectors/$connector", params: { connector } }),
      ),
    ),
  ];
}

function useCommands(): SpotlightActionData[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const refresh = useRefreshWithWord();
  const leave = useLeave();
  const save = useSaveLocale();
  const { setColorScheme } = useMantineColorScheme();
  const other = locale() === "en" ? "ru" : "en";
  const language = () => {
    void speak(other);
    save.mutate(other);
  };
  const sources = useSources();
  return [
    command("new", t("ask.new"), IconMessageQuestion, () =>
      void navigate({ to: "/ask/{-$id}", params: {} }),
    ),
    command("refresh", t("data.refresh"), IconRefresh, refresh.run),
    command("automation", t("automation.title"), IconSitemap, () =>
      void navigate({ to: "/automation" }),
    ),
    command("runs", `${t("automation.title")}: ${t("automation.tab.runs")}`, IconList, () =>
      void navigate({ to: "/automation", search: { tab: "runs" } }),
    ),
    command("letters", `${t("automation.title")}: ${t("automation.tab.letters")}`, IconMailX, () =>
      void navigate({ to: "/automation", search: { tab: "letters" } }),
    ),
    ...sources,
    command("projects", t("projects.switch"), IconLayoutGrid, () =>
      void navigate({ to: "/projects" }),
    ),
    ...(["light", "dark", "auto"] as const).map((scheme) =>
      command(`theme-${scheme}`, `${t("theme.label")}: ${t(`theme.${scheme}`)}`, IconMoon, () =>
        setColorScheme(scheme),
      ),
    ),
    command("language", `${t("language.label")}: ${t(`language.${other}`)}`, IconLanguage, language),
    command("logout", t("logout.action"), IconLogout, leave),
  ];
}

function useQuestions(): SpotlightActionData[] {
  const navigate = useNavigate();
  const project = use(ProjectContext);
  const { data } = useInfiniteQuery({ ...historyQuery(project?.id ?? ""), enabled: project !== null });
  const asked = data?.pages.flatMap((page) => page.items) ?? [];
  return asked.map(({ id, question }) => ({
    id,
    label: question,
    onClick: () => void navigate({ to: "/ask/{-$id}", params: { id } }),
  }));
}
