// Sign in with name and password.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { ApiError } from "../api/client";
import { sessionQuery, signIn } from "../api/queries";
import { texts } from "../texts";
import { Button, IconButton } from "../ui/Button";
import { Icon, Mark } from "../ui/Icon";
import styles from "./SignInPage.module.css";

const route = getRouteApi("/sign-in");

interface Credentials {
  readonly user: string;
  readonly password: string;
}

export function SignInPage() {
  const { next } = route.useSearch();
  const enter = useEnter(next ?? "/");
  useEffect(() => {
    document.title = texts.title(texts.signIn.title);
  }, []);
  return (
    <main className={styles.page}>
      <Water />
      <section className={styles.card} aria-labelledby="sign-in">
        <Mark size={40} />
        <h1 id="sign-in" className={styles.title}>
          {texts.name}
        </h1>
        <p className={styles.lead}>{texts.signIn.lead}</p>
        <SignInForm
          onSubmit={enter.mutate}
          pending={enter.isPending}
          problem={enter.error === null ? null : messageOf(enter.error)}
        />
        <p className={styles.hint}>{next === undefined ? texts.signIn.first : texts.signIn.next}</p>
      </section>
    </main>
  );
}

interface SignInFormProps {
  onSubmit: (credentials: Credentials) => void;
  pending: boolean;
  problem: string | null;
}

function SignInForm({ onSubmit, pending, problem }: SignInFormProps) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onSubmit({ user: String(form.get("user")).trim(), password: String(form.get("password")) });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <label className={styles.label} htmlFor="user">
        {texts.signIn.user}
      </label>
      <input
        className={styles.input}
        id="user"
        name="user"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        // biome-ignore lint/a11y/noAutofocus: the only thing to do on this page
        autoFocus
        required
      />
      <label className={styles.label} htmlFor="password">
        {texts.signIn.password}
      </label>
      <PasswordInput invalid={problem !== null} />
      {problem !== null && (
        <p className={styles.problem} role="alert" id="sign-in-problem">
          <Icon name="warning" />
          {problem}
        </p>
      )}
      <Button type="submit" kind="primary" className={styles.submit} disabled={pending}>
        {pending ? texts.signIn.working : texts.signIn.submit}
      </Button>
    </form>
  );
}

function PasswordInput({ invalid }: { invalid: boolean }) {
  const [shown, setShown] = useState(false);
  return (
    <div className={styles.secret}>
      <input
        className={styles.input}
        id="password"
        name="password"
        type={shown ? "text" : "password"}
        autoComplete="current-password"
        aria-invalid={invalid}
        aria-describedby={invalid ? "sign-in-problem" : undefined}
        required
      />
      <IconButton
        className={styles.show}
        icon="eye"
        name={shown ? texts.signIn.hide : texts.signIn.show}
        pressed={shown}
        onClick={() => setShown(!shown)}
      />
    </div>
  );
}

function useEnter(next: string) {
  const queryClient = useQueryClient();
  const router = useRouter();
  return useMutation({
    mutationFn: ({ user, password }: Credentials) => signIn(user, password),
    onSuccess: async () => {
      await queryClient.invalidateQueries();
      await queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 });
      router.history.replace(next);
    },
  });
}

function messageOf(error: Error): string {
  if (!(error instanceof ApiError)) return error.message;
  if (error.status === 401) return texts.signIn.wrong;
  if (error.status === 429) return texts.signIn.throttled;
  return error.message;
}

// Still water: rings that widen from one drop.
function Water() {
  return (
    <svg
      className={styles.water}
      viewBox="0 0 1200 800"
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      {Array.from({ length: 11 }, (_, ring) => (
        <ellipse
          // biome-ignore lint/suspicious/noArrayIndexKey: the rings never change
          key={ring}
          cx="600"
          cy="560"
          rx={90 + ring * ring * 7 + ring * 46}
          ry={22 + ring * ring * 2.4 + ring * 13}
          opacity={1 - ring / 12}
        />
      ))}
    </svg>
  );
}
