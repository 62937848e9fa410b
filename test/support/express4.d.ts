/** Express 4 beside the present one: what tests use of it has the same types. */
declare module "express4" {
  import express from "express";
  export default express;
}
