using Nyala.Host.Commands;
using Nyala.Host.Output;

return await CommandLine.RunAsync(args, Terminal.Standard);
