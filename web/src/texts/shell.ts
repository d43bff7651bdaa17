// Texts of the frame: errors, signing in, the header.

export const shell = {
  errors: {
    unreachable: "The server cannot be reached. Check that it is running, then try again.",
    status: (status: number) => `The server answered ${status} without saying why.`,
    title: "This did not work",
    retry: "Try again",
    requestId: (id: string) => `Request ${id}`,
    page: "Something on this page broke. Reload it; nothing that you entered is lost.",
    part: "A part of the pages could not be fetched: the server is away, or has been updated. Reload; nothing that you entered is lost.",
    reload: "Reload",
    noPage: "There is no such page.",
    home: "Go to the start",
  },

  ui: {
    close: "Close",
    copy: "Copy",
    copied: "Copied",
  },

  signIn: {
    title: "Sign in",
    lead: "What the model saw, what people said about it, and what it learns from that.",
    user: "Name",
    password: "Password",
    submit: "Sign in",
    working: "Signing in…",
    show: "Show the password",
    hide: "Hide the password",
    wrong: "Name and password do not match. Check both; passwords tell capitals apart.",
    throttled: "Too many attempts. Wait a minute, then try again.",
    first: "The first administrator’s password was printed when the server first started.",
    next: "Sign in to go on where you were.",
  },

  shell: {
    navigation: "Pages",
    toHome: "(project)",
    pages: { home: "Home", predict: "Predict", review: "Review", images: "Images" },
    keys: {
      title: "Everywhere",
      keys: [
        ["G then H", "Home"],
        ["G then P", "Predict"],
        ["G then R", "Review"],
        ["G then I", "Images"],
      ],
    },
    away: "The server cannot be reached. You can go on with what is open; nothing that you enter is lost.",
    apps: "Application",
    account: (user: string) => `Account of ${user}`,
    theme: "Theme",
    themes: { auto: "As the system", light: "Light", dark: "Dark" },
    signOut: "Sign out",
    roles: {
      user: "user",
      reviewer: "reviewer",
      scientist: "data scientist",
      engineer: "data engineer",
      officer: "data-protection officer",
      admin: "administrator",
    },
    noApps: "No application yet",
    noAppsHint:
      "Declare one in millpond.toml, as [apps.NAME] with its task and labels, then start the server again.",
    unknownApp: (app: string, apps: string) =>
      `There is no application “${app}”. This project has: ${apps}.`,
  },

  api: {
    open: "Use the API",
    title: "Use the API",
    lead: "Everything on this page comes from the HTTP interface. These calls fetch the same from a shell or from Python.",
    token: "Each takes a token in the variable MILLPOND_TOKEN. An administrator makes one with",
    tokenCommand: (role: string) => `millpond token create my-script --role ${role}`,
    languages: "Language",
    curl: "curl",
    python: "Python",
    none: "This page asks the server for nothing of its own.",
    same: "The same data at an address of its own:",
    json: "JSON",
    csv: "CSV",
    all: "All routes",
  },
} as const;
