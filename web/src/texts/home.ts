// Texts of the page Home.

export const home = {
  home: { title: "Home" },
} as const;
