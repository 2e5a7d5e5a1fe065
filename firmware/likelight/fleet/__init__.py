"""What whoever installs kitchens needs: a self-test of the hardware, and the doctor."""
