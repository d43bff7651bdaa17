// Texts of the page Review.

export const review = {
  queue: { title: "Review" },
} as const;
