import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  Outlet,
  redirect,
  type RouterHistory,
  useNavigate,
} from "@tanstack/react-router";

import { LoginPage, type Session, sessionQuery } from "../features/access";
import { AutomationPage, type Place, readPlace, RunPage } from "../features/automation";
import {
  ConnectorPage,
  type ConnectorPlace,
  ConnectorsPage,
  readConnectorPlace,
} from "../features/connectors";
import { AskPage, type AskPlace, CASE_STATUSES, CasesPage, readAskPlace } from "../features/lightrag";
import { ProjectsPage } from "../features/projects";
import { safeReturn } from "../lib/safe-url";
import { Opening, PageFailed, PageNotFound } from "./fallbacks";
import { Shell, useSession } from "./shell";

interface RouterContext {
  queryClient: QueryClient;
}

/** The session as this page knows it; asked of the server only the first time. */
const knownSession = ({ queryClient }: RouterContext) =>
  queryClient.query({ ...sessionQuery(), staleTime: "static" });

const root = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: PageNotFound,
});

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search.next === "string" ? { next: safeReturn(search.next) } : {},
  beforeLoad: async ({ context, search }) => {
    const session = await knownSession(context);
    if (session !== null) throw redirect({ href: safeReturn(search.next) });
  },
  component: function Login() {
    const { next } = login.useSearch();
    const navigate = useNavigate();
    return (
      <LoginPage
        returning={next !== undefined}
        onDone={() => void navigate({ href: safeReturn(next) })}
      />
    );
  },
});

/** Everything that needs somebody to be logged in. */
const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  beforeLoad: async ({ context, location }) => {
    const session = await knownSession(context);
    if (session !== null) return { session };
    const asked = location.pathname === "/" ? {} : { next: location.href };
    throw redirect({ to: "/login", search: asked });
  },
  component: Shell,
});

/** Pages of a project: whoever has none open chooses first. */
function needProject({ project }: Session): void {
  if (project === null) throw redirect({ to: "/projects" });
}

const front = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/ask/{-$id}", params: {} });
  },
});

const projects = createRoute({
  getParentRoute: () => inside,
  path: "/projects",
  component: function Projects() {
    const { user, project } = useSession();
    const navigate = useNavigate();
    return (
      <ProjectsPage
        currentId={project?.id ?? null}
        mayCreate={user.role === "owner"}
        onOpen={() => void navigate({ to: "/ask/{-$id}", params: {} })}
      />
    );
  },
});

const ask = createRoute({
  getParentRoute: () => inside,
  path: "/ask/{-$id}",
  validateSearch: (search: Record<string, unknown>): AskPlace => readAskPlace(search),
  beforeLoad: ({ context }) => needProject(context.session),
  component: function Ask() {
    const { id } = ask.useParams();
    const place = ask.useSearch();
    // For the moment between losing the project and leaving for the choice of another.
    if (useSession().project === null) return null;
    return <AskPage answerId={id ?? null} place={place} />;
  },
});

type ShownCases = Exclude<(typeof CASE_STATUSES)[number], "open">;

const cases = createRoute({
  getParentRoute: () => inside,
  path: "/ask/cases",
  validateSearch: ({ status }: Record<string, unknown>): { status?: ShownCases } => {
    const shown = CASE_STATUSES.find((known) => known === status);
    return shown === undefined || shown === "open" ? {} : { status: shown };
  },
  beforeLoad: ({ context }) => needProject(context.session),
  component: function Cases() {
    const { status } = cases.useSearch();
    if (useSession().project === null) return null;
    return <CasesPage status={status ?? "open"} />;
  },
});

const automation = createRoute({
  getParentRoute: () => inside,
  path: "/automation",
  validateSearch: (search: Record<string, unknown>): Place => readPlace(search),
  beforeLoad: ({ context }) => needProject(context.session),
  component: function Automation() {
    const place = automation.useSearch();
    if (useSession().project === null) return null;
    return <AutomationPage place={place} />;
  },
});

const run = createRoute({
  getParentRoute: () => inside,
  path: "/automation/runs/$id",
  beforeLoad: ({ context }) => needProject(context.session),
  component: function Run() {
    const { id } = run.useParams();
    if (useSession().project === null) return null;
    return <RunPage id={id} />;
  },
});

const connectors = createRoute({
  getParentRoute: () => inside,
  path: "/connectors",
  beforeLoad: ({ context }) => needProject(context.session),
  component: function Connectors() {
    if (useSession().project === null) return null;
    return <ConnectorsPage />;
  },
});

const connector = createRoute({
  getParentRoute: () => inside,
  path: "/connectors/$connector",
  validateSearch: (search: Record<string, unknown>): ConnectorPlace => readConnectorPlace(search),
  beforeLoad: ({ context }) => needProject(context.session),
  component: function Connector() {
    const { connector: name } = connector.useParams();
    const place = connector.useSearch();
    if (useSession().project === null) return null;
    return <ConnectorPage name={name} place={place} />;
  },
});

const routeTree = root.addChildren([
  login,
  inside.addChildren([front, projects, cases, ask, automation, run, connectors, connector]),
]);

export function createAppRouter(queryClient: QueryClient, history?: RouterHistory) {
  return createRouter({
    routeTree,
    basepath: "/app",
    context: { queryClient },
    defaultPendingComponent: Opening,
    defaultErrorComponent: PageFailed,
    scrollRestoration: true,
    ...(history && { history }),
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
