"""What whoever installs kitchens needs: a walk through the hardware, and a doctor."""
