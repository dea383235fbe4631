import { ApiError } from "../../api/client";
import { Icon } from "../icon/Icon";
import "./state.css";

/** What failed, in the server's words, and a way to try again. */
export function Failure({ what, error, retry }: { what: string; error: unknown; retry?: () => void }) {
  const api = error instanceof ApiError ? error : undefined;
  return (
    <div className="failure" role="alert">
      <h2>{what}</h2>
      <p>{api ? sentence(api.detail) : String(error)}</p>
      {api && (
        <p className="mono muted">
          {api.what}
          {api.status > 0 && ` → ${api.status}`}
        </p>
      )}
      {retry && (
        <button type="button" className="btn" onClick={retry}>
          <Icon name="refresh" /> Try again
        </button>
      )}
    </div>
  );
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
