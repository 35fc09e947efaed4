import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { createContext, use } from "react";

import { api, type Schema, unwrap } from "../../api/client";
import { type Session, sessionQuery } from "../access";

export type Project = Schema["ProjectView"];

/** The open project. Its id is part of every query key, so two projects never mix in the cache. */
export const ProjectContext = createContext<Project | null>(null);

/** Throws outside of an open project: the router opens such pages only with one. */
export function useProject(): Project {
  const project = use(ProjectContext);
  if (project === null) throw new Error("No project is open.");
  return project;
}

export const projectsQuery = () =>
  queryOptions({
    queryKey: ["projects"],
    queryFn: async (): Promise<Project[]> => {
      const found: Project[] = [];
      let cursor: string | null = null;
      do {
        const query: { limit: number; cursor?: string } = { limit: 100 };
        if (cursor !== null) query.cursor = cursor;
        const page: Schema["Page_ProjectView_"] = await unwrap(
          api.GET("/projects", { params: { query } }),
        );
        found.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor !== null);
      return found;
    },
  });

export function useSelectProject() {
  const queryClient = useQueryClient();
  return useMutation({ mutationFn: select, onSuccess: (project) => opened(queryClient, project) });
}

/** Create a project and open it. */
export function useCreateProject() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async (body: Schema["NewProject"]) => {
      const created = await unwrap(api.POST("/projects", { body }));
      void queryClient.invalidateQueries(projectsQuery());
      return select(created.id);
    },
    onSuccess: (project) => opened(queryClient, project),
  });
}

const select = (id: string): Promise<Project> =>
  unwrap(api.POST("/projects/{project_id}/select", { params: { path: { project_id: id } } }));

function opened(queryClient: ReturnType<typeof useQueryClient>, project: Project) {
  queryClient.setQueryData<Session | null>(
    sessionQuery().queryKey,
    (session) => session && { ...session, project },
  );
}
