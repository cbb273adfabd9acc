/**
 * Files of parts of Asterisk's core that an exchange does not use. These parts cannot be disabled, and each logs
 * an error at every start if its file is missing. The files keep such errors out of the log.
 */
export const UNUSED_PARTS: Readonly<Record<string, string>> = {
  "acl.conf": "; No named access lists.\n",
  "ccss.conf": "; No call completion.\n[general]\n",
  "cel.conf": "; CDRs tell enough.\n[general]\nenable=no\n",
  "features.conf": "; No feature codes within calls.\n[general]\n",
  "indications.conf": [
    "; Phones make their own tones.",
    "[general]",
    "country=us",
    "[us]",
    "description=United States",
    "ringcadence=2000,4000",
    "dial=350+440",
    "busy=480+620/500,0/500",
    "ring=440+480/2000,0/4000",
    "congestion=480+620/250,0/250",
    "",
  ].join("\n"),
  "manager.conf": "; No management interface.\n[general]\nenabled=no\n",
  "udptl.conf": "; No fax.\n[general]\n",
};
