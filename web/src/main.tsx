import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "./app/global.css";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { createApp } from "./app/create-app";
import { startI18n } from "./lib/i18n";

const root = document.getElementById("root");
if (root === null) throw new Error("The page has no #root.");
await startI18n();
createRoot(root).render(<StrictMode>{createApp()}</StrictMode>);
