// Texts of the page Images.

export const images = {
  images: { title: "Images" },
} as const;
