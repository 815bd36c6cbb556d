-- Options of Bolt that have another name here, for the error about them.

return {
  botToken = '"token"',
  clientOptions = 'an option of its own: "timeout", "retries", "proxy", …',
  convoStore = '"storage", and app:state or app.store',
  customRoutes = "app:route(method, path, handler)",
  developerMode = 'log = "debug"',
  endpoints = "http = { path = … }",
  installationStore = 'the option "storage", or "authorize"',
  installation_store = 'the option "storage", or "authorize"',
  installerOptions = 'fields of "oauth"',
  logLevel = 'log = "debug"',
  logger = "log = { sink = function(line) … end }",
  oauth_settings = '"oauth"',
  processBeforeResponse = 'http = { answer_events = "handled" }',
  process_before_response = 'http = { answer_events = "handled" }',
  agent = '"proxy"',
  socketMode = 'transport = "socket", as is usual with an app token',
  receiver = 'the option "transport", with app:route for other paths',
  signatureVerification = "always on",
}
