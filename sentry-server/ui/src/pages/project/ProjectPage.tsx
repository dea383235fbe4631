import { Link, useParams } from "react-router";
import { useProjects } from "../../api/queries";
import { Failure } from "../../components/state/Failure";
import { Skeleton } from "../../components/state/Skeleton";
import { TimeAgo } from "../../components/time/TimeAgo";
import { useTitle } from "../../components/useTitle";
import { Dsn, QuickStart } from "../onboarding/Onboarding";
import "../projects/projects.css";
import "./project.css";

export function ProjectPage() {
  const { project: slug } = useParams();
  const projects = useProjects();
  const project = projects.data?.find((one) => one.slug === slug);
  useTitle(project?.name ?? "Project");
  if (projects.isError) {
    return (
      <div className="page narrow">
        <Failure what="The project did not load" error={projects.error} retry={() => void projects.refetch()} />
      </div>
    );
  }
  if (!projects.data) {
    return (
      <div className="page narrow">
        <h1 className="page-title">
          <Skeleton width={180} height={22} />
        </h1>
      </div>
    );
  }
  if (!project) {
    return (
      <div className="page narrow">
        <Failure what={`No project is called "${slug}"`} error="It may have been renamed or removed." />
      </div>
    );
  }
  return (
    <div className="page narrow project">
      <h1 className="page-title">{project.name}</h1>
      <dl className="facts">
        <div>
          <dt>Slug</dt>
          <dd className="mono">{project.slug}</dd>
        </div>
        <div>
          <dt>Project id</dt>
          <dd className="mono">{project.id}</dd>
        </div>
        <div>
          <dt>Created</dt>
          <dd>
            <TimeAgo at={project.dateCreated} />
          </dd>
        </div>
        <div>
          <dt>First event</dt>
          <dd>
            <TimeAgo at={project.firstEvent} />
          </dd>
        </div>
      </dl>
      <Dsn project={project} />
      <p className="project-hint muted">
        The DSN says where events go and holds a key that can only send them. It may stand in client code.{" "}
        <Link className="link" to={`/issues?project=${project.id}`}>
          Issues of this project
        </Link>
      </p>
      <h2 className="project-start">Send events</h2>
      <QuickStart project={project} />
    </div>
  );
}
