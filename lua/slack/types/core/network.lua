---@meta _

-- The C module as Lua sees it: the HTTP client, Socket Mode, and servers.

---@class (partial) slack.core
local core = {}

-- Network ---------------------------------------------------------------------

---@class slack.core.net
local net = {}
---How to reach the network; see net_options.h for what nil means.
---@param settings { proxy: string?, no_proxy: string?, ca_file: string?, insecure: boolean?,
---  socket: string?, public: boolean? }
---@return slack.core.net?, string? message, string? code
function core.net(settings) end
---@param url string
---@return true?, string? message, string? code
function net:check_url(url) end

---@class slack.core.http_headers
---Header lines that many requests share.
---@param list string[] alternating name and value
---@return slack.core.http_headers
function core.http_headers(list) end

---@class slack.core.http_client
local http_client = {}
---Starts the client thread.
---@param mailbox slack.core.mailbox
---@param source integer
---@param log slack.core.log
---@return slack.core.http_client?, string? message, string? code
function core.http_client(mailbox, source, log) end
---@class slack.core.http_request
---@field method string
---@field url string
---@field headers string[]? alternating name and value
---@field body string?
---@field timeout number? seconds for the exchange, from when its turn has come, 30
---@field deadline number? seconds for everything, waiting for a turn included; nil: none
---@field connect_timeout number? seconds
---@field idle_timeout number? seconds in which no byte goes either way; nil: no limit
---@field max_response integer? bytes, 64 MiB
---@field max_requests integer? under way to its host at a time, 16
---@field http2 boolean? offer HTTP/2 to https servers
---@field urgent boolean? waits for no other request to the same host
---@field stream slack.core.http_stream?
---@field net slack.core.net

---What of a request is not held in memory. A body of a response whose status is not 2xx is
---held all the same.
---@class slack.core.http_stream
---@field source string? path of the file that is sent
---@field feed boolean? the body comes by feed
---@field length integer? bytes that will be fed
---@field sink string? path of the file that the response's body goes to
---@field pieces boolean? it comes in events of its own
---@field head boolean? there is an event for the response's head
---@field progress boolean? and events for what has gone and come
---@field max_taken integer? bytes of the response; no limit

---The whole response in a temporary file.
---@class slack.core.received_file
local received_file = {}
---Gives it its name.
---@return true?, string? message, string? code
function received_file:commit() end
---Removes it unless it has its name.
function received_file:close() end

---@class slack.core.http_response
---@field status integer
---@field version string of HTTP: "1.0", "1.1", "2", "3"
---@field headers string header lines as received, without the status line
---@field body string
---@field seconds number
---@field redirect string? where a 3xx points to, as an absolute URL; it is not followed
---@field received integer? bytes of the body that went elsewhere, of a request that streams
---@field file slack.core.received_file? where they are

---Begins a request; its end comes as a message of kind "http" with this id.
---@param request slack.core.http_request
---@return integer? id, string? message, string? code
function http_client:request(request) end
---What requests to one method of the Web API have in common but for their bodies.
---@class slack.core.prepared_request
---@param settings slack.core.http_request without body and stream
---@return slack.core.prepared_request?, string? message, string? code
function http_client:prepare(settings) end
---Begins such a request. Where the answer is { "ok": true, … } the message has it decoded instead
---of a response, with the scopes of its head, and then true.
---@param prepared slack.core.prepared_request
---@param body string
---@return integer? id, string? message, string? code
function http_client:send(prepared, body) end
---@param id integer
function http_client:cancel(id) end
---Gives a request a part of its body, of 128 KiB at most; without bytes: that was all.
---@param id integer
---@param bytes string?
function http_client:feed(id, bytes) end
---The piece of the response is dealt with: the next may come.
---@param id integer
function http_client:hand_on(id) end
---@class slack.core.http_client_stats
---@field running integer requests under way
---@field waiting integer requests that wait for their turn
---@field connections integer open, be they in use or kept for later
---@field opened integer connections so far
---@field reused integer requests that needed no connection of their own
---@field bytes_sent integer heads and bodies of requests that have ended
---@field bytes_received integer

---A moment's figures of all requests together.
---@return slack.core.http_client_stats
function http_client:stats() end
---Stops and joins the thread; what is outstanding ends with code "closed".
function http_client:close() end

-- Socket Mode -----------------------------------------------------------------

---@class slack.core.socket_mode
local socket_mode = {}
---@class slack.core.socket_mode_settings
---@field api_url string with trailing slash
---@field app_token string of RTM: token
---@field client slack.core.http_client
---@field net slack.core.net
---@field log slack.core.log
---@field notices slack.core.mailbox where "connection" and "ack" messages go
---@field events slack.core.mailbox where "envelope" and "event" messages go
---@field source integer
---@field connections integer? 2
---@field max_message integer? bytes, 16 MiB
---@field ack_deadline number? seconds, 2.5
---@field open_timeout number? seconds, 15
---@field hello_timeout number? seconds, 10
---@field ping_interval number? seconds, 1
---@field pong_timeout number? seconds, 3
---@field backoff_first number? seconds, 0.5
---@field backoff_maximum number? seconds, 60; where Slack was not reached at all: 10
---@field stable_after number? seconds, 60
---@field drain_timeout number? seconds, 30
---@field stagger number? seconds, 0
---@field inbox slack.core.inbox? events are acked when they are in it

---Starts the socket thread, which begins to connect.
---@param settings slack.core.socket_mode_settings
---@return slack.core.socket_mode?, string? message, string? code
function core.socket_mode(settings) end
---The same with RTM: one connection, events as "envelope" messages whose payload is the
---frame, replies as such without a type in notices.
---@param settings slack.core.socket_mode_settings
---@return slack.core.socket_mode?, string? message, string? code
function core.rtm(settings) end
---@param token integer
---@param payload string? JSON
---@return true?, string? message, string? code code "too_large": 20,480 bytes or more, still owed
function socket_mode:ack(token, payload) end
---Never answers that envelope: the person sees Slack's own error, a form stays open.
---@param token integer
function socket_mode:forget(token) end
---Sends a text frame on that connection if it is ready; else its end is told of.
---@param connection integer
---@param text string
---@param wants_reply boolean? of RTM: reading goes on until the reply has come
---@return true?, string? message, string? code
function socket_mode:send(connection, text, wants_reply) end
---Ends gracefully; a "connection" message with state "stopped" says when.
---@param grace number seconds for acks still owed
function socket_mode:stop(grace) end
---Counters and state, fields named as in struct slk_socket_mode_stats; times in seconds.
---@return table<string, number>
function socket_mode:stats() end
---Stops at once and joins the thread.
function socket_mode:close() end

-- Serving ---------------------------------------------------------------------

---@class slack.core.http_server
local http_server = {}
---@class slack.core.http_server_settings
---@field mailbox slack.core.mailbox
---@field source integer
---@field log slack.core.log
---@field host string? "127.0.0.1"
---@field path string? of a socket of this machine, for this user alone, in place of a port
---@field port integer? 0; -1 for no HTTP listener
---@field websocket_port integer? -1: no WebSocket listener
---@field cert_file string? PEM; nil: plain text
---@field key_file string?
---@field max_head integer? bytes, 16 KiB
---@field max_body integer? bytes, 1 MiB
---@field head_timeout integer? seconds from a request's first byte to the end of its head, 10
---@field body_timeout integer? seconds from there to the end of its body, 10
---@field idle_timeout integer? seconds between requests and before the first, 60
---@field max_connections integer? 1024; beyond: an idle or a slow one makes room
---@field max_requests integer? waiting for Lua's answer, 1000 of those that the gate let in and
---  1000 others; beyond: 503
---@field max_bodies integer? bytes of requests that the gate does not know, of all connections
---  together, 64 MiB; beyond: 503 for the large one that has been coming the longest
---@field reuse_port boolean? other processes listen on the same port
---@field gate slack.core.http_receiver? sees each request before Lua does
---@field max_message integer? bytes, 1 MiB

---Listens; the server thread starts with the first server of the process.
---@param settings slack.core.http_server_settings
---@return slack.core.http_server?, string? message, string? code
function core.http_server(settings) end
---@return integer
function http_server:port() end
---@return integer
function http_server:websocket_port() end
---@param request integer
---@param status integer
---@param headers string[]? alternating name and value
---@param body string?
function http_server:respond(request, status, headers, body) end
---@param request integer
function http_server:drop(request) end
---Loads the certificate and key files again, for connections to come.
---@return true?, string? message, string? code
function http_server:reload_certificate() end
---Accepts no more connections and ends each at its next answer, or at once when idle.
function http_server:finish() end
---Counters and state, fields named as in struct slk_http_server_stats; refused is a
---table by status: "400", "408", "413", "431", "503", "other".
---@return table<string, any>
function http_server:stats() end
---@param target string path with query that may upgrade, once
function http_server:admit(target) end
---@param status integer 0 admits again
function http_server:refuse_upgrades(status) end
---@param websocket integer
---@param act "text"|"binary"|"ping"|"raw"|"close"|"reset"|"silence"|"drop"
---@param data string?
---@param number integer? fragments of text and binary, close code, 1 or 0 for silence
function http_server:act(websocket, act, data, number) end
function http_server:close() end

---Slack's requests over HTTP, judged on the server thread (http_receiver.h): the
---gate of an http_server.
---@class slack.core.http_receiver
local http_receiver = {}
---@class slack.core.http_receiver_settings
---@field secrets string[] any of them opens
---@field paths { path: string, kinds: ("event"|"command"|"interaction")[] }[]
---@field ack_deadline number? seconds, 2.5: then an owed answer goes out empty
---@field step_deadline number? seconds, 5: the same for steps of workflows among held events
---@field holds_events boolean? events too wait for Lua's answer, instead of 200 at once
---@field inbox slack.core.inbox? events are answered when they are in it; 503: they are not
---@field deliveries slack.core.mailbox for "delivery"; when it is half full events wait for
---  Lua's answer too; over its marks: 503
---@field notices slack.core.mailbox for "ack", with the request's number as its token
---@field source integer
---@field log slack.core.log
---@param settings slack.core.http_receiver_settings
---@return slack.core.http_receiver?, string? message, string? code
function core.http_receiver(settings) end
---Whether deliveries are taken, as they are at first; else they get 503.
---@param admits boolean
function http_receiver:admit(admits) end
---Fields named as in struct slk_http_receiver_stats, but `unsigned`; `accepted` by kind;
---`ack_latency` { count, sum, buckets = { { le, count }, … } }, in seconds, each bucket
---with what is in those before it.
---@return table<string, any>
function http_receiver:stats() end
function http_receiver:close() end

---A fresh authority and a server certificate signed by it.
---@param settings { names: string?, starts_in: integer?, ends_in: integer? } names as "DNS:localhost,IP:127.0.0.1"
---@return { authority: string, certificate: string, key: string }? pem, string? message
function core.certificate(settings) end
