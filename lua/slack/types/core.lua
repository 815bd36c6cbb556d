---@meta slack.core

-- The C module as Lua sees it. Every function and object here belongs to the
-- Lua thread; nothing here waits unless it says so. Failures at run time are
-- `nil, message, code`; misuse raises at the caller's line.

---@class slack.core
local core = {}

---Versions of the libraries below, by name: libcurl, libwebsockets, openssl, sqlite,
---hiredis.
---@return table<string, string>
function core.versions() end

---Seconds of the monotonic clock, the scale of every `at` and `received`.
---@return number
function core.monotonic() end

---Seconds since the epoch, with fraction.
---@return number
function core.time() end

---The number of this process; another one after a fork.
---@return integer
function core.pid() end

---Text with every token, ticket and other credential masked (redact.h).
---@param text string
---@return string
function core.redact(text) end

-- Waiting ---------------------------------------------------------------------

---@class slack.core.poller
local poller = {}
---@return slack.core.poller
function core.poller() end
---@return integer fd readable when any added descriptor is; -1 where the system cannot do that
function poller:fd() end
---@param fd integer adding it twice is adding it once
---@return true?, string? message, string? code
function poller:add(fd) end
---@param fd integer
---@return true?, string? message, string? code
function poller:remove(fd) end
---Waits for added descriptors to become readable; this is the one call that blocks.
---@param timeout number? seconds; nil waits without end
---@param ready integer[] filled with the readable descriptors, from 1
---@return integer? count how many; 0 after the time or a signal
---@return string? message
---@return string? code
function poller:wait(timeout, ready) end
function poller:close() end

---@class slack.core.mailbox
local mailbox = {}
---@param mark_count integer? messages; nil: no bound
---@param mark_bytes integer? bytes
---@return slack.core.mailbox
function core.mailbox(mark_count, mark_bytes) end
---@return integer fd readable while messages wait
function mailbox:fd() end
---The oldest message, or nothing. What follows `kind` depends on it:
---
---`"log"`: level ("debug" | "info" | "warn" | "error"), component, text
---`"http"`: id, response | nil, message, code; see http_client:request
---`"http_event"`: id, then "hungry" (feed it), "head" and a response without body, "piece" and
---  bytes of the body (hand_on when they are dealt with), or "progress" and bytes sent, in all,
---  received, expected; see slack.core.http_stream
---`"envelope"`: type, payload (JSON text), ack_token (0: acked), envelope_id,
---  retry_attempt, retry_reason, accepts_response_payload, received, entry (its id in the inbox,
---  or nil)
---`"connection"`: state ("opening" | "connecting" | "ready" | "draining" | "closed" |
---  "waiting" | "fatal" | "stopped"), info table {connection, code, message, at, delay,
---  num_connections, ready}
---`"ack"`: ack_token, fate ("deadline" | "late" | "unsent" | "gone")
---`"request"`: request, method, target, headers (raw lines), body, received
---`"delivery"`: request (0: answered already; else for http_server:respond), kind ("event" |
---  "command" | "interaction"), body (JSON text; of a command a table of its form fields),
---  retry_number, retry_reason, headers (raw lines), received, entry (its id in the inbox, or nil)
---`"backlog"`: nothing more; see slack.core.inbox
---`"stored"`: id, value (nil | boolean | integer | string | string[]), message, code; see
---  storage:submit
---`"websocket"`: websocket, happening ("open" | "text" | "binary" | "pong" |
---  "closed"), data, close_code, at
---@return integer? source the number given when the C object was made
---@return string? kind
---@return any ...
function mailbox:take() end
---@return integer count
---@return integer bytes
function mailbox:load() end
function mailbox:close() end

---Turns signals into readability: each of them makes the descriptor readable
---instead of doing what it did before, until close. One at a time per process.
---An INT or TERM that comes before an earlier one was taken ends the process.
---@class slack.core.signals
local signals = {}
---@param names string[] of "INT", "TERM", "HUP", "CHLD"
---@return slack.core.signals?, string? message
function core.signals(names) end
---@return integer fd
function signals:fd() end
---@return string? name the next signal that came, oldest first
function signals:take() end
---Puts back what each signal did before.
function signals:close() end

-- Processes -------------------------------------------------------------------

---Forks. Before anything of this library has started only: no loop, no C object.
---@return integer? child 0 in the child, where signals are blocked until begin_process
---@return string? message
---@return string? code
function core.fork() end
---In the child: leaves the terminal's foreground, will get SIGTERM when the parent
---dies, gets signals again.
---@param parent integer
function core.begin_process(parent) end
---@param child integer
---@return "exit"|"signal"|nil how nil: it still runs; else it is gone
---@return integer? code exit status, or number of the signal
function core.process_ended(child) end
---@param pid integer
---@param name "TERM"|"INT"|"HUP"|"KILL"
---@return boolean sent
function core.signal_process(pid, name) end

---Sets a variable of this process's environment, for os.getenv and all libraries. Before
---anything of this library has started only, as other threads may be reading it.
---@param name string
---@param value string
function core.set_environment(name, value) end

---A program that runs beside this one. Collected or closed it is killed.
---@class slack.core.child
local child = {}
---Starts it; its input is empty.
---@param options { arguments: string[], environment: string[]?, directory: string? } arguments:
---  the program, looked for in PATH, and what it gets; environment: "NAME=VALUE" sets, "NAME" unsets
---@return slack.core.child?, string? message, string? code
function core.child_process(options) end
---@return integer
function child:pid() end
---Readable when it has written something to either stream, and at the end of that.
---@return integer
function child:output_fd() end
---Readable once it has ended; nil where the system has no such descriptor.
---@return integer?
function child:end_fd() end
---@return string? bytes "": nothing for now; nil: nothing will come
function child:read() end
---@return "exit"|"signal"|nil how nil: it still runs
---@return integer? code exit status, or number of the signal
function child:ended() end
---@param name "TERM"|"INT"|"HUP"|"KILL"
---@return boolean sent false: it has ended
function child:signal(name) end
function child:close() end

---Notices what keeps the Lua thread. One at a time.
---@class slack.core.watchdog
local watchdog = {}
---@param limit number seconds
---@param on_hog fun(traceback: string, seconds: number): number? called in the work that has
---  taken so long; gives the seconds after which an error stops it
---@return slack.core.watchdog?, string? message, string? code
function core.watchdog(limit, on_hog) end
---@return function resume as coroutine.resume, watched
function watchdog:resumer() end
---Between the two calls the running coroutine is watched.
---@return function enter
---@return function leave
function watchdog:section() end
---The error that it raised is on its way: what is closed before it arrives gets some time.
function watchdog:spare() end
---The error that it raised has been seen to: what runs now is not stopped again.
function watchdog:calm() end
function watchdog:close() end

---@class slack.core.reserved_port
local reserved_port = {}
---Binds a port that servers with reuse_port in other processes can listen on.
---@param host string
---@param port integer 0: any free one
---@return slack.core.reserved_port?, string? message, string? code
function core.reserve_port(host, port) end
---@return integer
function reserved_port:port() end
function reserved_port:close() end

-- Log -------------------------------------------------------------------------

---Where C threads log to: messages of kind "log" in a mailbox.
---@class slack.core.log
local log = {}
---@param mailbox slack.core.mailbox
---@param source integer
---@param level "debug"|"info"|"warn"|"error"|"off"
---@return slack.core.log
function core.log(mailbox, source, level) end
---@param level "debug"|"info"|"warn"|"error"|"off"
function log:set_level(level) end
---A line as a C thread would write it, component "lua".
---@param level "debug"|"info"|"warn"|"error"
---@param text string
function log:write(level, text) end

-- Storage ---------------------------------------------------------------------

---A store in a file of SQLite or a Redis server, with a thread of its own.
---@class slack.core.storage
local storage = {}
---Of an inbox: in the settings of either kind of store; without an owner it takes nothing.
---@class slack.core.inbox_store_settings
---@field owner string? names this process among those that share it
---@field lease number? seconds, 30
---@field max_entries integer? 1,000,000
---@field max_takeovers integer? 4
---@field keep_dead number? seconds, 30 days
---Opens the file, waiting for other processes as it must, and starts the thread.
---@param settings slack.core.inbox_store_settings|{ path: string, mailbox: slack.core.mailbox, source: integer,
---  sync_each: boolean?, busy_timeout: number?, log: slack.core.log? }
---@return slack.core.storage?
---@return boolean|string is_exposed others than its owner have rights to the file; or the message
---@return string? code "open", "read_only", "corrupt",
---  "foreign", "newer", "busy", "disk_full", "io", "memory" or "storage"
function core.sqlite(settings) end
---Starts the thread, which connects with the first operation. Outcomes have the codes
---"connection", "dns", "tls", "timeout", "denied", "database", "cluster", "sentinel",
---"protocol", "busy", "memory_full", "read_only", "disk_full", "foreign", "memory",
---"unknown_outcome" (a write whose answer was lost) or "storage".
---@param settings slack.core.inbox_store_settings|{ host: string?, port: integer?, path: string?, is_encrypted: boolean?,
---  user: string?, password: string?, database: integer?, prefix: string?, timeout: number?,
---  net: slack.core.net, log: slack.core.log?, mailbox: slack.core.mailbox, source: integer }
---@return slack.core.storage?, string? message, string? code
function core.redis(settings) end
---Its outcome comes as the message "stored". Times are milliseconds of the wall clock.
---@param operation "get"|"set"|"add"|"replace"|"delete"|"incr"|"keys"|"scan"|"batch"|"info"
---@param key string of keys and scan the prefix, of batch ""
---@param now integer
---@param value string|integer|nil of incr what to add, of scan entries at most, of batch its
---  steps as src/storage_batch.h has them
---@param expires_at integer? nil: never
---@param expected string? of replace and delete: only where this is the value; of scan the
---  cursor, "" for the first page
---@return integer? id, string? message, string? code
function storage:submit(operation, key, now, value, expires_at, expected) end
---An operation of the inbox, likewise; its fields, and what comes of it, are with
---slack.storage.InboxRequest.
---@param request slack.storage.InboxRequest
---@return integer? id, string? message, string? code
function storage:submit_inbox(request) end
---@return { jobs: integer, batches: integer, commits: integer }
function storage:stats() end
---Carries out what was submitted, and blocks meanwhile; the outcomes still come.
function storage:close() end

-- Inbox -----------------------------------------------------------------------

---Between the receivers and a store: what Slack delivers is stored before it is acknowledged,
---and then taken, if Lua keeps up: its message has the entry's id. Else it waits in the store,
---and a "backlog" message tells so, once until caught_up.
---@class slack.core.inbox
local inbox = {}
---@class slack.core.inbox_settings
---@field storage slack.core.storage closed after the inbox
---@field log slack.core.log
---@field notices slack.core.mailbox where "backlog" goes
---@field source integer
---@field takes boolean? true; false: all of it waits in the store, and there are no notices
---@field interactive boolean? what needs a handler's answer is stored first, too
---@field order_by_channel boolean? entries are told which channel they are of
---@field remember number? seconds for which a redelivery is known, 600
---@field deadline number? seconds after receipt, 3: what is stored later is not acknowledged
---@field max_puts integer? on their way to the store, 10,000; beyond, nothing more is taken in
---@field max_bytes integer? of those, 32 MiB
---@param settings slack.core.inbox_settings
---@return slack.core.inbox?, string? message, string? code
function core.inbox(settings) end
---Claims find nothing more, so that what comes may be taken again; at first, too, nothing is
---taken until this has been called. Claim once more after it, for what was stored meanwhile.
function inbox:caught_up() end
---Counters and state, fields named as in struct slk_inbox_stats; times in seconds;
---failing_since on the scale of core.monotonic, nil: storing works.
---@return table<string, any>
function inbox:stats() end
---Nothing can be stored from now on; what is under way ends.
function inbox:close() end

-- Network ---------------------------------------------------------------------

---@class slack.core.net
local net = {}
---How to reach the network; see net_options.h for what nil means.
---@param settings { proxy: string?, no_proxy: string?, ca_file: string?, insecure: boolean?,
---  socket: string? }
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
---@param list table the metatable of empty lists in what is decoded
---@return slack.core.prepared_request?, string? message, string? code
function http_client:prepare(settings, list) end
---Begins such a request. Where the answer is { "ok": true, … } the message has, instead of a
---response, { decoded, scopes, accepted_scopes }, the latter as in the answer's head.
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
---@field events slack.core.mailbox where "envelope" messages go
---@field source integer
---@field connections integer? 2
---@field max_message integer? bytes, 16 MiB
---@field ack_deadline number? seconds, 2.5
---@field open_timeout number? seconds, 15
---@field hello_timeout number? seconds, 10
---@field ping_interval number? seconds, 3
---@field pong_timeout number? seconds, 6
---@field backoff_first number? seconds, 0.5
---@field backoff_maximum number? seconds, 60
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

-- Files -----------------------------------------------------------------------

---@class slack.core.file_watch
local file_watch = {}
---@return slack.core.file_watch? nil where the system cannot
function core.file_watch() end
---@return integer fd readable while changes wait
function file_watch:fd() end
---@param directory string
---@return integer? number, string? message
function file_watch:add(directory) end
---@param number integer
function file_watch:remove(number) end
---The next change, or nothing when none waits.
---@return integer? directory -1: changes were lost, look at everything
---@return string? name
---@return "changed"|"created"|"gone"? what created: a link, or a file that may be empty so far
---@return boolean? is_directory
function file_watch:take() end
function file_watch:close() end
---What identifies a file's content without reading it, or nil when there is none.
---@param path string
---@param is_link_itself? boolean of a link what it is, not what it leads to: "other"
---@return string? stamp device, inode, size and time of change
---@return string? type "file" | "directory" | "other"
---@return integer? mode its permissions, 0 to 4095
---@return integer? owner the user whose it is
function core.stat(path, is_link_itself) end
---The user that this process acts as.
---@return integer
function core.user_id() end
---Makes an empty directory that only this user can enter.
---@return string? path, string? message
function core.temporary_directory() end
---Makes a directory; what is there already is a failure.
---@param path string
---@param is_private? boolean for this user alone
---@return boolean?, string? message
function core.make_directory(path, is_private) end
---Names in a directory, sorted, without "." and "..".
---@param path string
---@return string[]?, string? message
function core.list_directory(path) end

---@class slack.core.append_file
local append_file = {}
---Makes a file that only its owner can read, or goes on at the end of the one that is there.
---@param path string
---@return slack.core.append_file?, string? message, string? code
function core.append_file(path) end
---Adds the text as a whole, or nothing of it.
---@param text string
---@return boolean?, string? message, string? code
function append_file:add(text) end
---@return integer bytes in it
function append_file:size() end
function append_file:close() end

---Whether a descriptor is a terminal.
---@param fd integer
---@return boolean
function core.is_terminal(fd) end

-- Signatures and codecs -------------------------------------------------------

---@param secret string
---@param timestamp string
---@param body string
---@return string signature "v0=..."
function core.sign(secret, timestamp, body) end
---@param secret string
---@param timestamp string
---@param signature string
---@param body string
---@param now integer? seconds since the epoch
---@return boolean valid, string? why "bad_timestamp" | "stale" | "bad_format" | "mismatch"
function core.verify(secret, timestamp, signature, body, now) end

---Bytes that nobody can guess.
---@param count integer 1 to 4096
---@return string
function core.random(count) end

---@param data string
---@return string digest 32 bytes
function core.sha256(data) end

---@param key string
---@param data string
---@return string digest 32 bytes
function core.hmac_sha256(key, data) end

---Decompresses gzip; no more than maximum bytes are ever made.
---@param data string
---@param maximum integer bytes
---@return string? text, string? message, string? code code "invalid_gzip", "too_large" or "memory"
function core.gunzip(data, maximum) end

---The value of one header, without a look at the others.
---@param lines string as received
---@param name string in any case
---@return string? value repeated ones joined by commas
function core.find_header(lines, name) end

---Compares secrets: the time it takes does not tell where they differ.
---@param a string
---@param b string
---@return boolean
function core.is_equal(a, b) end

---The fields of a Socket Mode frame (envelope.h), for specs and tools.
---@param text string
---@return table?, string? why
function core.scan_envelope(text) end

---@class slack.core.websocket_parser
local websocket_parser = {}
---@param role "client"|"server" whose end reads
---@param maximum integer bytes of a message
---@return slack.core.websocket_parser
function core.websocket_parser(role, maximum) end
---What the bytes complete: a list of {opcode=, data=, close_code=}; after a breach
---of the protocol the last one is {failed = reason, close_code=}.
---@param bytes string
---@return table[]
function websocket_parser:feed(bytes) end
function websocket_parser:close() end
---@param role "client"|"server"
---@param opcode integer
---@param data string
---@return string frame
function core.websocket_frame(role, opcode, data) end

---@class slack.core.http_parser
local http_parser = {}
---@param max_head integer
---@param max_body integer
---@return slack.core.http_parser
function core.http_parser(max_head, max_body) end
---@param bytes string
---@return table[] list of {method, target, headers, body, keep_alive} | {continue = true} | {refused = status, why = text}
function http_parser:feed(bytes) end
function http_parser:close() end

-- Ids --------------------------------------------------------------------------

---Ids seen lately, kept as hashes outside of Lua's memory, in two generations.
---@class slack.core.recent_ids
local recent_ids = {}
---@param limit integer ids of one generation; a full one turns by itself
---@return slack.core.recent_ids
function core.recent_ids(limit) end
---@param id string
---@return boolean new false: it is known already
function recent_ids:add(id) end
---@param id string
function recent_ids:remove(id) end
---The young generation becomes the old one, which is forgotten.
function recent_ids:turn() end
function recent_ids:close() end

-- Texts ------------------------------------------------------------------------

---Finds which of many strings stand anywhere in a text, byte for byte, in one pass.
---@class slack.core.text_search
local text_search = {}
---@param needles string[] copied; any may be empty or equal to another
---@return slack.core.text_search
function core.text_search(needles) end
---@param text string
---@param found integer[] is given the numbers of the needles found, ascending, each once; what
---  stands behind them stays
---@return integer count of them
function text_search:find(text, found) end
function text_search:close() end

-- JSON ------------------------------------------------------------------------

---Decodes JSON exactly: integers of 64 bits stay integers, null is the NULL light
---userdata (as lua-cjson's), half a surrogate pair becomes U+FFFD.
---@param text string
---@param list_metatable table given to empty lists
---@return any value
---@return string? message what was expected, and at which character
function core.json_decode(text, list_metatable) end

---Whether lua-cjson encodes the value exactly by itself.
---@param value any
---@param list_metatable table
---@return boolean
function core.json_is_plain(value, list_metatable) end

return core
