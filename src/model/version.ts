/** The version of this package. A constant, as the package may be bundled without its manifest; a test compares it with that. */
export const LONGSHORE_VERSION = "0.1.0";
