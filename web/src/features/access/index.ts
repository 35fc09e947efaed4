export { type Session, sessionQuery, useLogout, useSaveLocale } from "./api";
export { LoginPage } from "./login-page";
export { LanguageSwitch, ThemeSwitch } from "./preferences";
