"""The offline model: a real HTTP server that speaks Anthropic's Messages API and plays scripts.

It is no AI. It answers only what a script foresees, and says so in every response. It checks requests
by the rules of the real API, counts tokens by a fixed rule, and accounts for prompt caching as the real
API does, so that the demo, the tests and `--offline` run without a key and without a network.

Nothing is re-exported here, so that reading a script does not import a web server:
`contextune.offline.server` has `OfflineModel` and `serve`, `contextune.offline.script` has `load_script`
and `builtin_scripts`. The format and the rules are told in `docs/offline-model.md`.
"""
