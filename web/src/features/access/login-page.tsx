import { Alert, Button, Code, Group, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { ApiError } from "../../api/problem";
import { ProblemNote, usePageTitle } from "../../components/ui";
import { useLogin } from "./api";
import classes from "./access.module.css";
import { LanguageSwitch, ThemeSwitch } from "./preferences";

interface LoginPageProps {
  /** True when the reader was sent here from a page inside. */
  returning: boolean;
  onDone: () => void;
}

export function LoginPage({ returning, onDone }: LoginPageProps) {
  const { t } = useTranslation();
  usePageTitle(t("login.title"));
  return (
    <div className={classes.page}>
      <main className={classes.card}>
        <Group gap="sm" mb="xl">
          <img src={`${import.meta.env.BASE_URL}mark.svg`} alt="" width={36} height={36} />
          <Text fw={600} fz="xl">
            {t("app.name")}
          </Text>
        </Group>
        <Title order={1} fz="xl">
          {t("login.title")}
        </Title>
        <Text c="dimmed" mb="lg">
          {t("app.tagline")}
        </Text>
        {returning && (
          <Alert variant="default" mb="lg" p="sm">
            {t("login.goOn")}
          </Alert>
        )}
        <LoginForm onDone={onDone} />
        <Text c="dimmed" fz="xs" mt="xl">
          {t("login.noAccount")} <Code fz="xs">mayak user create</Code>
        </Text>
        <Group justify="space-between" gap="sm" mt="xl">
          <LanguageSwitch />
          <ThemeSwitch />
        </Group>
      </main>
    </div>
  );
}

function LoginForm({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const login = useLogin();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");

  const submit = (event?: SyntheticEvent) => {
    event?.preventDefault();
    login.mutate({ email: email.trim(), password }, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput
          label={t("login.email")}
          type="email"
          name="email"
          autoComplete="username"
          required
          withAsterisk={false}
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={t("login.password")}
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ "aria-label": t("login.reveal") }}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {login.error && <LoginFailure error={login.error} onRetry={submit} />}
        <Button type="submit" loading={login.isPending} fullWidth mt="xs">
          {t("login.submit")}
        </Button>
      </Stack>
    </form>
  );
}

function LoginFailure({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { t } = useTranslation();
  const code = error instanceof ApiError ? error.problem.code : "";
  if (code === "invalid_credentials" || code === "too_many_attempts") {
    return (
      <Text c="var(--mayak-critical)" role="alert">
        {code === "invalid_credentials" ? t("login.wrong") : t("login.tooMany")}
      </Text>
    );
  }
  return <ProblemNote error={error} onRetry={onRetry} />;
}
