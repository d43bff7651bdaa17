// Every text of the pages, in one place.

const count = (number: number, one: string, many: string) =>
  `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

export const texts = {
  name: "Millpond",
  title: (page: string) => `${page} · Millpond`,
  skip: "Skip to the content",

  errors: {
    unreachable: "The server cannot be reached. Check that it is running, then try again.",
    status: (status: number) => `The server answered ${status} without saying why.`,
    title: "This did not work",
    retry: "Try again",
    requestId: (id: string) => `Request ${id}`,
    page: "Something on this page broke. Reload it; nothing that you entered is lost.",
    reload: "Reload",
    noPage: "There is no such page.",
    home: "Go to the start",
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

  predict: {
    title: "Predict",
    drop: "Drop images here",
    dropHint: "or paste one, or",
    choose: "choose files",
    add: "Add images",
    formats: "JPEG, PNG, WebP, TIFF, BMP or DICOM",
    release: "Release to predict",
    releaseHint: (app: string) => `The images go to ${app}.`,
    noModel: "No model yet",
    noModelHint: (app: string) =>
      `The image is kept. Train and promote a model for ${app}, then add the image again to see what it finds.`,
    noModelShort: "No model yet: images are kept, and nothing is predicted.",
    nothing: "Nothing found",
    nothingHint: "Lower the confidence to see what the model was less sure of.",
    nothingEver: "The model found nothing in this image, not even unsure of it.",
    notFound: "This inference does not exist, or you may not see it.",
    picture: (label: string) => `Image of inference ${label}`,
    noPicture: "The image cannot be shown. The findings are beside it.",
    loading: "Loading…",
  },

  uploads: {
    title: "Uploads",
    waiting: "waiting",
    sending: (share: number) => `sending, ${Math.round(share * 100)} %`,
    working: "the model is looking",
    done: "done",
    open: (file: string) => `Open the result of ${file}`,
    retry: (file: string) => `Send ${file} again`,
    dismiss: (file: string) => `Take ${file} off the list`,
  },

  history: {
    title: "Past inferences",
    empty: "None yet. What you add appears here.",
    older: "Show older",
    findings: (number: number) => count(number, "finding", "findings"),
    reviewed: "reviewed",
    noModel: "no model",
  },

  thresholds: {
    title: "Thresholds",
    confidence: "Confidence",
    confidenceHint: "Shows what the model is at least this sure of.",
    overlap: "Overlap",
    overlapHint: "Of boxes of one label that overlap more than this, only the surest is shown.",
    reset: "As answered",
    hidden: (number: number) => `${count(number, "candidate", "candidates")} hidden`,
  },

  findings: {
    title: "Findings",
    list: "Findings, the surest first",
    labels: "Labels",
    score: (score: number) => `${Math.round(score * 100)} %`,
    person: "by hand",
    unsure: "not answered, below the thresholds asked for",
    verdicts: {
      open: "not reviewed",
      confirmed: "confirmed",
      corrected: "corrected",
      added: "added",
      rejected: "rejected",
    },
  },

  review: {
    title: "Review",
    label: "Label",
    confirm: "Confirm",
    keep: "Add it",
    restore: "Restore",
    reject: "Reject",
    confirmAll: (number: number) => `Confirm ${number === 1 ? "it" : `all ${number}`}`,
    complete: "Mark as done",
    done: "Done",
    doneHint: "This image counts as reviewed. Later changes count too.",
    open: (number: number) =>
      `${count(number, "finding is", "findings are")} not reviewed and will not count as truth.`,
    ready: "Everything shown is reviewed.",
    empty: "Marked as done like this, the image counts as one with nothing in it.",
    truth: "What is it?",
    truthHint: "Choose the one true label.",
    unlabelled: "Choose the true label first; then the image can be done.",
    readOnly: (role: string) =>
      `You can look. Correcting takes the role reviewer or administrator; yours is ${role}.`,
    saved: "All saved",
    saving: "Saving…",
    unreachable: "Not saved: the server cannot be reached. Kept here, trying again.",
    refused: (reason: string) => `Not taken: ${reason}`,
    discard: "Discard",
    retry: "Try again",
  },

  stage: {
    title: "Image",
    describe:
      "Arrow keys move the selected box, with Shift by ten pixels, with Alt its lower right corner. Page keys select the next one. Enter confirms, Delete rejects, Escape lets go.",
    select: "Select and move",
    draw: "Draw a box",
    drawHint: "Drag over the image; with the keyboard, Enter puts a box in the middle.",
    newLabel: "Label of new boxes",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    fit: "Show the whole image",
    zoom: (scale: number) => `${Math.round(scale * 100)} %`,
    rejected: "Show what was rejected",
    boxes: "Show the boxes",
    keys: "Keys",
    keyList: [
      ["V", "select and move"],
      ["D", "draw a box"],
      ["1 – 9", "label of the selected or the next box"],
      ["← ↑ → ↓", "nudge the box, with Shift by ten"],
      ["Alt + arrows", "resize it"],
      ["Page ↑ / ↓", "previous and next finding"],
      ["Enter", "confirm"],
      ["Delete", "reject"],
      ["Esc", "let go"],
      ["+  −  0", "zoom in, out, whole image"],
    ],
  },

  facts: {
    model: (version: string) => `Model ${version}`,
    noModel: "No model",
    size: (width: number, height: number) => `${width} × ${height}`,
    duration: (ms: number) => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`),
  },
} as const;

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

// A moment as short as it can be told: the time of today, the day of anything older.
export function shortTime(iso: string, now = new Date()): string {
  const moment = new Date(iso);
  const today = moment.toDateString() === now.toDateString();
  return today ? clock.format(moment) : `${day.format(moment)}, ${clock.format(moment)}`;
}

export function fullTime(iso: string): string {
  return full.format(new Date(iso));
}
