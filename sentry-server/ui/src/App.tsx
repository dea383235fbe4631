import { Navigate, Route, Routes, useParams } from "react-router";
import { ApiError } from "./api/client";
import { useOrganization, useSession } from "./api/queries";
import { Failure } from "./components/state/Failure";
import { TopBar } from "./components/topbar/TopBar";
import { IssuePage } from "./pages/issue/IssuePage";
import { IssuesPage } from "./pages/issues/IssuesPage";
import { LoginPage } from "./pages/login/LoginPage";
import { MissingPage } from "./pages/missing/MissingPage";
import { ProjectPage } from "./pages/project/ProjectPage";
import { ProjectsPage } from "./pages/projects/ProjectsPage";
import { SettingsPage } from "./pages/settings/SettingsPage";

export function App() {
  const session = useSession();
  if (session.isPending) return <div className="boot" aria-busy="true" />;
  if (session.error instanceof ApiError && session.error.status === 401) return <LoginPage />;
  if (session.isError && !session.data) {
    return (
      <main className="page narrow">
        <Failure what="Watchpost could not be reached" error={session.error} retry={() => void session.refetch()} />
      </main>
    );
  }
  return (
    <>
      <TopBar />
      <main id="main" tabIndex={-1}>
        <Pages />
      </main>
    </>
  );
}

function Pages() {
  const organization = useOrganization();
  if (organization.isError) {
    return (
      <div className="page narrow">
        <Failure what="Your organisations did not load" error={organization.error} retry={() => void organization.refetch()} />
      </div>
    );
  }
  if (organization.data === null) {
    return (
      <div className="page narrow">
        <Failure what="No organisation" error="This user belongs to no organisation, so there is nothing to show." />
      </div>
    );
  }
  return (
    <Routes>
      <Route path="/" element={<Navigate to="/issues" replace />} />
      <Route path="/issues" element={<IssuesPage />} />
      <Route path="/issues/:issue" element={<IssueRoute />} />
      <Route path="/issues/:issue/events/:event" element={<IssueRoute />} />
      <Route path="/organizations/:org/issues" element={<Navigate to="/issues" replace />} />
      <Route path="/organizations/:org/issues/:issue" element={<PermalinkRoute />} />
      <Route path="/organizations/:org/issues/:issue/events/:event" element={<PermalinkRoute />} />
      <Route path="/projects" element={<ProjectsPage />} />
      <Route path="/projects/:project" element={<ProjectPage />} />
      <Route path="/settings" element={<SettingsPage />} />
      <Route path="*" element={<MissingPage />} />
    </Routes>
  );
}

function IssueRoute() {
  const { issue, event } = useParams();
  return <IssuePage key={issue} issue={issue!} event={event ?? "latest"} />;
}

/** Addresses with the organisation in them, as other tools write them. */
function PermalinkRoute() {
  const { issue, event } = useParams();
  return <Navigate to={event ? `/issues/${issue}/events/${event}` : `/issues/${issue}`} replace />;
}
