-- Neovim as a plain language client: delegates the TODO on a line, starts its Run, and accepts the result.
-- What was seen is written as JSON to $SEEN.
local seen = { asked = {}, progress = {}, lenses = {}, actions = {} }

local function leave(problem)
  seen.problem = problem
  local file = io.open(vim.env.SEEN, "w")
  file:write(vim.fn.json_encode(seen))
  file:close()
  vim.cmd(problem and "cquit" or "qall!")
end

local function guarded()
  vim.lsp.handlers["window/showMessageRequest"] = function(_, params)
    table.insert(seen.asked, params.message)
    for _, wanted in ipairs({ "Start", "Accept" }) do
      for _, item in ipairs(params.actions or {}) do
        if item.title == wanted then
          return item
        end
      end
    end
    return vim.NIL
  end
  vim.lsp.handlers["$/progress"] = function(_, params)
    table.insert(seen.progress, params.value.kind)
  end

  vim.cmd("edit " .. vim.fn.fnameescape(vim.env.FILE))
  local id = vim.lsp.start_client({
    name = "contextune",
    cmd = { vim.env.CONTEXTUNE, "serve", "--stdio" },
    root_dir = vim.fn.getcwd(),
    workspace_folders = { { name = "folder", uri = vim.uri_from_fname(vim.fn.getcwd()) } },
  })
  vim.lsp.buf_attach_client(0, id)
  local client
  assert(vim.wait(60000, function()
    client = vim.lsp.get_client_by_id(id)
    return client ~= nil and client.initialized == true
  end, 20), "the daemon did not answer initialize")

  local function ask(method, params)
    local reply, problem = client.request_sync(method, params, 60000, 0)
    assert(reply, problem)
    assert(not reply.err, reply.err and reply.err.message)
    return reply.result
  end

  local document = { uri = vim.uri_from_bufnr(0) }
  local line = tonumber(vim.env.LINE) - 1
  assert(vim.wait(30000, function()
    seen.lenses = vim.tbl_map(function(lens)
      return lens.command.title
    end, ask("textDocument/codeLens", { textDocument = document }) or {})
    for _, title in ipairs(seen.lenses) do
      if title:find("about $", 1, true) then
        return true
      end
    end
  end, 100), "no code lens told a price: " .. vim.fn.json_encode(seen.lenses))
  local place = { line = line, character = 4 }
  seen.hover = ask("textDocument/hover", { textDocument = document, position = place }).contents.value
  local actions = ask("textDocument/codeAction", {
    textDocument = document,
    range = { start = place, ["end"] = place },
    context = { diagnostics = {} },
  })
  seen.actions = vim.tbl_map(function(action)
    return action.title
  end, actions)
  local command = actions[1].command
  ask("workspace/executeCommand", { command = command.command, arguments = command.arguments })
  assert(vim.wait(90000, function()
    return #seen.asked >= 2
  end, 50), "the Run did not ask to be accepted")
  assert(vim.wait(30000, function()
    return vim.fn.system({ "git", "rev-parse", "HEAD" }) ~= vim.env.HEAD .. "\n"
  end, 100), "the branch did not move")
  client.stop()
  vim.wait(10000, function()
    return client.is_stopped()
  end, 50)
end

local fine, problem = xpcall(guarded, debug.traceback)
leave(not fine and problem or nil)
