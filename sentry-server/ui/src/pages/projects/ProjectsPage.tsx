import { Link } from "react-router";
import { useProjects } from "../../api/queries";
import { Failure } from "../../components/state/Failure";
import { Skeleton } from "../../components/state/Skeleton";
import { TimeAgo } from "../../components/time/TimeAgo";
import { useTitle } from "../../components/useTitle";
import "./projects.css";

export function ProjectsPage() {
  useTitle("Projects");
  const projects = useProjects();
  if (projects.isError) {
    return (
      <div className="page narrow">
        <Failure what="The projects did not load" error={projects.error} retry={() => void projects.refetch()} />
      </div>
    );
  }
  return (
    <div className="page narrow">
      <h1 className="page-title">Projects</h1>
      <ul className="project-list card">
        {projects.data?.map((project) => (
          <li key={project.id}>
            <Link to={`/projects/${project.slug}`}>
              <b>{project.name}</b>
              <span className="muted mono">{project.slug}</span>
              <span className="muted">{project.platform ?? ""}</span>
              <span className="muted project-date">
                created <TimeAgo at={project.dateCreated} />
              </span>
            </Link>
          </li>
        )) ?? (
          <li>
            <span className="project-wait">
              <Skeleton width="40%" />
            </span>
          </li>
        )}
      </ul>
    </div>
  );
}
