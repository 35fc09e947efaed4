import { Button, Group } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { TFunction } from "i18next";

import { problemOf } from "../../api/problem";
import { isolated } from "../../lib/visible";
import { explain } from "./problem";

interface Door {
  label: string;
  run: () => void;
}

const READ_MS = 5_000;
/** Long enough to notice a mistake and reach for the button. */
const UNDO_MS = 12_000;

/** Say that something was done, with one button: to undo it, or to see it. */
export function sayDone(message: string, door?: Door): void {
  if (door === undefined) {
    notifications.show({ message, autoClose: READ_MS });
    return;
  }
  const use = () => {
    notifications.hide(id);
    door.run();
  };
  const id = notifications.show({
    autoClose: UNDO_MS,
    message: (
      <Group justify="space-between" gap="sm" wrap="nowrap">
        <span>{message}</span>
        <Button size="compact-sm" variant="default" onClick={use} flex="none">
          {door.label}
        </Button>
      </Group>
    ),
  });
}

/** Say that something failed: what, why, and what to do next. It stays until it is closed. */
export function sayFailed(t: TFunction, title: string, error: unknown): void {
  const problem = problemOf(error);
  const { what, next } = explain(t, problem);
  notifications.show({
    color: "critical",
    title,
    message: [`${what}.`, problem.detail && isolated(problem.detail), next].filter(Boolean).join(" "),
    autoClose: false,
  });
}
