---@meta _

-- The C module as Lua sees it: stores, the inbox in them, and files.

---@class (partial) slack.core
local core = {}

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
---Where this process is; nil when that has been removed.
---@return string?
function core.working_directory() end
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
