using Nyala.Host.Commands;
using Nyala.Host.Output;

// What a socket has received is handled on the thread that waits for all sockets (one per processor), which spares waking
// another. Read once by the runtime, at the first socket; whoever runs the server may decide otherwise.
const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
Environment.SetEnvironmentVariable(InlineCompletions, Environment.GetEnvironmentVariable(InlineCompletions) ?? "1");

return await CommandLine.RunAsync(args, Terminal.Standard);
