import { notifications } from "@mantine/notifications";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { useLogout } from "../features/access";

/** Log out, and say so when the server did not confirm it. */
export function useLeave(): () => void {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const logout = useLogout(() => navigate({ to: "/login", replace: true }));
  return () =>
    logout.mutate(undefined, {
      onError: () => notifications.show({ color: "critical", message: t("logout.failed") }),
    });
}
