---@meta slack.core

-- The C module as Lua sees it. Every function and object here belongs to the
-- Lua thread; nothing here waits unless it says so. Failures at run time are
-- `nil, message, code`; misuse raises at the caller's line.
-- What is for the network, for storage and for texts is in the files of the folder core beside
-- this one, by the same rules.

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

---Gives pages back to the system that the allocator of the C library keeps, where it can, and
---before it what pool_blocks keeps. Takes some milliseconds for each 10 MB.
function core.trim() end

---From now on blocks that this Lua state frees are kept for its next ones of that size, up to
---2 MiB (block_pool.h). The state's allocator is put back when the state ends.
---@return integer? bytes that are kept now; nil where errors of the heap are looked for
function core.pool_blocks() end

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
---Calls handler(source, kind, ...) with each message that waits, the oldest first, as take
---gives them. What the handler raises is raised, and the messages behind stay.
---@param handler fun(source: integer, kind: string, ...)
---@param most integer messages
---@return boolean more_may_wait
---@return boolean burst_is_over true once, when none waits any more after much had waited
function mailbox:hand_out(handler, most) end
---To be called from the handler of hand_out: this message was the last one for now.
function mailbox:pause() end
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
---`"event"`: event (its table), event_id or nil, rest (JSON text of the payload with null in
---  place of the event), received, entry or nil, retry_attempt or nil, retry_reason or nil; in
---  place of an "envelope" when a payload's event is an object
---`"connection"`: state ("opening" | "connecting" | "ready" | "draining" | "closed" |
---  "waiting" | "fatal" | "stopped"), info table {connection, code, message, at, delay,
---  num_connections, ready}
---`"ack"`: ack_token, fate ("deadline" | "late" | "unsent" | "gone")
---`"request"`: request, method, target, headers (raw lines), body, received
---`"delivery"`: request (0: answered already; else for http_server:respond), kind ("event" |
---  "command" | "interaction"), body (JSON text; of a command a table of its form fields),
---  retry_number, retry_reason, headers (raw lines), received, entry (its id in the inbox, or nil),
---  and when the event of its body can be decoded apart: event (its table; the body has null in
---  its place), event_id or nil
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

return core
