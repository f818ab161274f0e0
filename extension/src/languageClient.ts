/**
 * The parts of vscode-languageclient that we use: four fifths of our code by size, so it is a file of its own that is
 * loaded when the daemon starts, and not at all in a window without one.
 */
export { CloseAction, ErrorAction, LanguageClient, RevealOutputChannelOn, State } from "vscode-languageclient/node";
