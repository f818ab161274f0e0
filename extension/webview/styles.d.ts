/** Styles are bundled with the page; importing one brings nothing into the code. */
declare module "*.css";
