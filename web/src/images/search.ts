// The filter of Images as it stands in the address: the names are those of the HTTP interface.

import { FILTER_FIELDS, type ImageFilter } from "../api/images";

export type ImagesSearch = ImageFilter;

export function imagesSearch(search: Record<string, unknown>): ImagesSearch {
  const known = FILTER_FIELDS.filter((field) => search[field] !== undefined);
  return Object.fromEntries(known.map((field) => [field, search[field]])) as ImagesSearch;
}
