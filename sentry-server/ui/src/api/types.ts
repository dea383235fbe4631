// Shapes of /api/0/ as this page reads them: only the fields it uses, all that may be absent marked so.

export type Level = "fatal" | "error" | "warning" | "info" | "debug";
export type Status = "unresolved" | "resolved" | "ignored";
export type StatsPeriod = "24h" | "14d";
/** Pairs of unix seconds and a count, oldest first. */
export type Series = [number, number][];

export interface User {
  id: string;
  username?: string;
  name?: string;
  email?: string;
}

export interface Organization {
  id: string;
  slug: string;
  name: string;
}

export interface Project {
  id: string;
  slug: string;
  name: string;
  platform?: string | null;
  dateCreated?: string;
  firstEvent?: string | null;
}

export interface ProjectKey {
  id: string;
  name?: string;
  label?: string;
  public: string;
  isActive?: boolean;
  dsn: { public: string };
  dateCreated?: string;
}

export interface Issue {
  id: string;
  shortId: string;
  title: string;
  culprit?: string | null;
  permalink?: string;
  level: Level;
  status: Status;
  platform?: string | null;
  project: { id: string; slug: string; name: string };
  metadata?: { type?: string; value?: string; title?: string; filename?: string; function?: string };
  isUnhandled?: boolean;
  count: string;
  userCount: number;
  firstSeen: string;
  lastSeen: string;
  stats?: Partial<Record<StatsPeriod, Series>>;
  firstRelease?: { version: string } | null;
  lastRelease?: { version: string } | null;
}

export interface TagValue {
  value: string;
  name?: string;
  count: number;
}

export interface TagSummary {
  key: string;
  name?: string;
  totalValues: number;
  uniqueValues?: number;
  topValues: TagValue[];
}

export interface Entry {
  type: string;
  data: unknown;
}

export interface ApiEvent {
  id: string;
  eventID: string;
  groupID?: string;
  projectID?: string;
  title?: string;
  message?: string | null;
  culprit?: string | null;
  platform?: string | null;
  dateCreated?: string;
  dateReceived?: string;
  user?: Record<string, unknown> | null;
  tags?: { key: string; value: string }[];
  contexts?: Record<string, unknown> | null;
  context?: Record<string, unknown> | null;
  extra?: Record<string, unknown> | null;
  entries?: Entry[];
  sdk?: { name?: string; version?: string } | null;
  packages?: Record<string, string> | null;
  dist?: string | null;
  release?: { version?: string } | string | null;
  errors?: unknown[];
  fingerprints?: string[];
  nextEventID?: string | null;
  previousEventID?: string | null;
  bodyDropped?: boolean;
}

export interface Page<T> {
  items: T[];
  next?: string;
  previous?: string;
  hits?: number;
}
