import { type FormEvent, useState } from "react";
import { ApiError, reasonOf } from "../../api/client";
import { useLogin } from "../../api/queries";
import { Mark } from "../../components/topbar/TopBar";
import { useTitle } from "../../components/useTitle";
import "./login.css";

export function LoginPage() {
  useTitle("Sign in");
  const login = useLogin();
  const [username, setUsername] = useState("admin");
  const [password, setPassword] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate({ username, password });
  };
  return (
    <main className="login">
      <form onSubmit={submit} aria-labelledby="login-title">
        <Mark size={34} />
        <h1 id="login-title">Sign in to Watchpost</h1>
        <label>
          Username
          <input className="field" name="username" autoComplete="username" autoCapitalize="none" required value={username} onChange={(event) => setUsername(event.target.value)} />
        </label>
        <label>
          Password
          <input className="field" name="password" type="password" autoComplete="current-password" required autoFocus value={password} onChange={(event) => setPassword(event.target.value)} />
        </label>
        <p className="login-error" role="alert">
          {login.error && reason(login.error)}
        </p>
        <button className="btn primary" disabled={login.isPending}>
          {login.isPending ? "Signing in…" : "Sign in"}
        </button>
        <p className="login-hint">The first password was printed by the server when it started for the first time.</p>
      </form>
    </main>
  );
}

function reason(error: Error): string {
  if (error instanceof ApiError && error.status === 401) return "That username and password do not match.";
  return reasonOf(error);
}
