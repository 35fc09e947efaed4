export { type Project, ProjectContext, projectsQuery, useProject } from "./api";
export { ProjectMenu } from "./project-menu";
export { ProjectsPage } from "./projects-page";
export { useRefusal } from "./use-refusal";
