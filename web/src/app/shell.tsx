import { AppShell } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Outlet, useRouter, useRouterState } from "@tanstack/react-router";
import { createContext, type ReactNode, use, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { type Session, sessionQuery } from "../features/access";
import { ProjectContext } from "../features/projects";
import { isLocale, locale, speak } from "../lib/i18n";
import { recall, remember } from "../lib/stored";
import { ZoneContext } from "../lib/zone";
import { BottomBar } from "./bottom-bar";
import { OfflineBanner } from "./offline-banner";
import { Palette } from "./palette";
import { Rail } from "./rail";
import { TopBar } from "./top-bar";

const SessionContext = createContext<Session | null>(null);

/** Who is logged in. Only for pages inside the shell. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (session === null) throw new Error("Nobody is logged in.");
  return session;
}

/** The frame of every page inside. When the session ends it leads to the login, and back. */
export function Shell() {
  const { data: session } = useSuspenseQuery(sessionQuery());
  useLeaveWhenLost(session);
  if (session === null) return null;
  return (
    <SessionContext value={session}>
      <ProjectContext value={session.project}>
        <InProjectZone zone={session.project?.time_zone}>
          <Frame key={session.project?.id} session={session} />
        </InProjectZone>
      </ProjectContext>
    </SessionContext>
  );
}

function InProjectZone({ zone, children }: { zone: string | undefined; children: ReactNode }) {
  return zone === undefined ? children : <ZoneContext value={zone}>{children}</ZoneContext>;
}

const RAIL = "mayak.rail";

function Frame({ session }: { session: Session }) {
  const { t } = useTranslation();
  const [wide, setWide] = useState(() => recall(RAIL) === "wide");
  const phone = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const toggle = () => {
    remember(RAIL, wide ? "" : "wide");
    setWide(!wide);
  };
  const open = session.project !== null;
  return (
    <>
      <a href="#content" className="skip-link">
        {t("nav.skip")}
      </a>
      <AppShell
        layout="alt"
        header={{ height: 48 }}
        navbar={{ width: wide ? 200 : 52, breakpoint: "sm", collapsed: { mobile: true } }}
        {...(phone && open && { footer: { height: "calc(56px + env(safe-area-inset-bottom))" } })}
        padding={0}
      >
        <TopBar session={session} />
        {!phone && <Rail wide={wide} open={open} onToggle={toggle} />}
        <AppShell.Main id="content" tabIndex={-1}>
          <OfflineBanner />
          <Outlet />
        </AppShell.Main>
        {phone && open && <BottomBar />}
      </AppShell>
      <Palette />
    </>
  );
}

/** Pages that show nothing without an open project. */
const PROJECT_PAGES = ["/ask", "/automation", "/connectors"];

/** Log in and come back, when the session has ended; choose again, when its project is gone. */
function useLeaveWhenLost(session: Session | null) {
  const router = useRouter();
  const here = useRouterState({ select: (state) => state.location.href });
  const out = session === null;
  const needsProject =
    session !== null && session.project === null && PROJECT_PAGES.some((page) => here.startsWith(page));
  useEffect(() => {
    // Whoever logged out by hand is on the way to the login already.
    const leaving = router.latestLocation.pathname === "/login";
    if (out && !leaving) void router.navigate({ to: "/login", search: { next: here }, replace: true });
    else if (needsProject) void router.navigate({ to: "/projects", replace: true });
  }, [router, out, needsProject, here]);

  const preferred = session?.user.locale;
  useEffect(() => {
    if (isLocale(preferred) && preferred !== locale()) void speak(preferred);
  }, [preferred]);
}
