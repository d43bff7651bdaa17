// The size of the pictures in the grid, remembered by the browser.

import { useState } from "react";
import { type GridSize, SIZES } from "./layout";

const KEY = "millpond.grid";

export function useGridSize(): [GridSize, (size: GridSize) => void] {
  const [size, setSize] = useState(storedSize);
  const choose = (next: GridSize) => {
    setSize(next);
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Without storage the choice lasts until the page is left.
    }
  };
  return [size, choose];
}

function storedSize(): GridSize {
  try {
    const stored = localStorage.getItem(KEY);
    return SIZES.find((size) => size === stored) ?? "m";
  } catch {
    return "m";
  }
}
