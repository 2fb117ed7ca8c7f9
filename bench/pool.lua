-- Sends a pool of requests in turn. Each line of the file named as the argument is one of them: its method and path, then
-- its headers as `name: value` and its body after a `=`, separated by tabs.

local pool = {}
local next_one = 0

local function parse(line)
  local method, path, body
  local headers = {}
  for field in line:gmatch("[^\t]+") do
    if not method then
      method, path = field:match("^(%S+) (.*)$")
    elseif field:sub(1, 1) == "=" then
      body = field:sub(2)
    else
      local name, value = field:match("^([^:]+): (.*)$")
      headers[name] = value
    end
  end
  return wrk.format(method, path, headers, body)
end

function init(arguments)
  for line in io.lines(arguments[1]) do
    pool[#pool + 1] = parse(line)
  end
end

function request()
  next_one = next_one % #pool + 1
  return pool[next_one]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  io.write(string.format('POOL {"requests":%d,"micros":%d,"failed":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, failed, latency:percentile(50), latency:percentile(99)))
end
