import { Link } from "react-router";
import { useTitle } from "../../components/useTitle";

export function MissingPage() {
  useTitle("Not found");
  return (
    <div className="page nothing">
      <h2>There is no page here</h2>
      <p>The address may be old, or mistyped.</p>
      <Link className="btn" to="/issues">
        Go to the issues
      </Link>
    </div>
  );
}
