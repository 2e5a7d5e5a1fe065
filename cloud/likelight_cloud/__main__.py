"""`python -m likelight_cloud` is `likelight-cloud`."""

import sys

from likelight_cloud.cli.main import main

sys.exit(main())
