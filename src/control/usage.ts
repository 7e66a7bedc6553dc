export const USAGE = `Usage: tungo -L SERVICE [-F HOP]... [-C FILE]...
       tungo check FILE...
       tungo up --plan [--os linux|darwin|windows] -L SERVICE [-F HOP]... [-C FILE]...
       tungo explain [-C FILE | -L … -F …] HOST[:PORT] [--udp] [--sni NAME] [--service NAME]
       tungo test [-C FILE | -L … -F …] RULES...

  -L URL     a service: "tungo://:0?name=tungo&net=192.168.123.1/24", or a far end: "relay+wss://user:pass@:8443"
  -F URL     a hop towards the target: "relay+wss://user:pass@example.com:443"
  -C FILE    a configuration in YAML or JSON: a path, a URL, "-" for standard input; several are merged
  -R PERIOD  read the configuration again so often; SIGHUP does it once
  -O FORMAT  print the configuration as yaml or json, and stop
  -D, -DD    log more, log everything
  --watch          read the configuration again when a file of it is written
  --pcap FILE      write all packets to a pcapng file
  --fault SHARES   make the device's link a bad one: "loss=1%,reorder=2%,duplicate=1%,seed=7"
  -V         print the version
  -h         print this
`;
