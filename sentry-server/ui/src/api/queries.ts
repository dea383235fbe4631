import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getJson, getPage, send } from "./client";
import type { ApiEvent, Issue, Organization, Page, Project, ProjectKey, StatsPeriod, Status, TagSummary, User } from "./types";

export function useSession() {
  return useQuery({ queryKey: ["session"], queryFn: ({ signal }) => getJson<User>("auth/", {}, signal), retry: false, staleTime: 60_000 });
}

export function useLogin() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (form: { username: string; password: string }) => send("POST", "auth/login/", form),
    onSuccess: () => client.resetQueries(),
  });
}

export function useLogout() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => send("POST", "auth/logout/", {}),
    onSuccess: () => client.resetQueries(),
  });
}

/** The organisation this page works in: the first one the user can see. */
export function useOrganization() {
  return useQuery({
    queryKey: ["organizations"],
    queryFn: async ({ signal }) => (await getJson<Organization[]>("organizations/", {}, signal))[0] ?? null,
    staleTime: Infinity,
  });
}

function useOrg(): string | undefined {
  return useOrganization().data?.slug;
}

export function useProjects() {
  const org = useOrg();
  return useQuery({
    queryKey: ["projects", org],
    enabled: !!org,
    queryFn: ({ signal }) => getJson<Project[]>(`organizations/${org}/projects/`, {}, signal),
    staleTime: 30_000,
  });
}

export function useProjectKeys(project: string | undefined) {
  const org = useOrg();
  return useQuery({
    queryKey: ["keys", org, project],
    enabled: !!org && !!project,
    queryFn: ({ signal }) => getJson<ProjectKey[]>(`projects/${org}/${project}/keys/`, {}, signal),
    staleTime: 60_000,
  });
}

export interface IssueFilter {
  query: string;
  sort: string;
  project?: string;
  cursor?: string;
  period: StatsPeriod;
  limit?: number;
}

export function useIssues(filter: IssueFilter, refreshMs: number | false, enabled = true) {
  const org = useOrg();
  return useQuery({
    queryKey: ["issues", org, filter],
    enabled: !!org && enabled,
    queryFn: ({ signal }) =>
      getPage<Issue>(
        `organizations/${org}/issues/`,
        {
          query: filter.query,
          sort: filter.sort,
          project: filter.project,
          cursor: filter.cursor,
          groupStatsPeriod: filter.period,
          limit: filter.limit ?? 25,
        },
        signal,
      ),
    placeholderData: keepPreviousData,
    refetchInterval: refreshMs,
  });
}

export function useSetStatus() {
  const org = useOrg();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ ids, status }: { ids: string[]; status: Status }) =>
      ids.length === 1
        ? send<Issue>("PUT", `organizations/${org}/issues/${ids[0]}/`, { status })
        : send("PUT", `organizations/${org}/issues/`, { status }, { id: ids }),
    onSettled: () => Promise.all([client.invalidateQueries({ queryKey: ["issues"] }), client.invalidateQueries({ queryKey: ["issue"] })]),
  });
}

const ISSUE_REFRESH_MS = 10_000;

/** One issue; until it has come, as the list last showed it. */
export function useIssue(id: string) {
  const org = useOrg();
  const client = useQueryClient();
  return useQuery({
    queryKey: ["issue", org, id],
    enabled: !!org,
    queryFn: ({ signal }) => getJson<Issue>(`organizations/${org}/issues/${id}/`, {}, signal),
    placeholderData: () => {
      const lists = client.getQueriesData<Page<Issue>>({ queryKey: ["issues", org] });
      return lists.flatMap(([, page]) => page?.items ?? []).find((issue) => issue.id === id);
    },
    refetchInterval: ISSUE_REFRESH_MS,
  });
}

/** Starts loading what the issue page shows first, while the pointer is still on its way. */
export function usePrefetchIssue() {
  const org = useOrg();
  const client = useQueryClient();
  return (id: string) => void client.prefetchQuery({ queryKey: ["event", org, id, "latest"], queryFn: () => fetchEvent(org, id, "latest"), staleTime: 10_000 });
}

/** `event` is an id, `latest` or `oldest`. Never refreshed by itself: what somebody reads must not change under their eyes. */
export function useEvent(issue: string, event: string) {
  const org = useOrg();
  return useQuery({
    queryKey: ["event", org, issue, event],
    enabled: !!org,
    queryFn: ({ signal }) => fetchEvent(org, issue, event, signal),
    placeholderData: (previous, query) => (query?.queryKey[2] === issue ? previous : undefined),
    staleTime: event === "latest" ? 10_000 : Infinity,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
}

function fetchEvent(org: string | undefined, issue: string, event: string, signal?: AbortSignal): Promise<ApiEvent> {
  return getJson<ApiEvent>(`organizations/${org}/issues/${issue}/events/${event}/`, {}, signal);
}

export function useIssueTags(id: string) {
  const org = useOrg();
  return useQuery({
    queryKey: ["issue", org, id, "tags"],
    enabled: !!org,
    queryFn: ({ signal }) => getJson<TagSummary[]>(`organizations/${org}/issues/${id}/tags/`, {}, signal),
  });
}
